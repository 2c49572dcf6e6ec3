import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Bodies } from '../../src/pipe/bodies.ts'

const run = promisify(execFile)

test('a body has its memory for itself', () => {
  const bodies = new Bodies()

  const [one, other] = [bodies.take(10_000), bodies.take(10_000)]

  expect([one.byteOffset, one.buffer.byteLength]).toEqual([0, 10_000])
  expect(one.buffer).not.toBe(other.buffer)
})

test.each([65_536, 1_048_576])(
  'half a GiB of bodies of %i octets does not set off collections of the whole heap',
  async size => {
    const program = fileURLToPath(new URL('many-bodies.ts', import.meta.url))

    const { stdout } = await run(process.execPath, [program, String(size)])

    // Without garbage beside them it is seven times.
    expect(Number(stdout)).toBeLessThanOrEqual(2)
  },
)

test('young objects are looked at once for each 4 MiB, and not where that cannot be told', () => {
  let asked = 0
  const bodies = new Bodies(() => void asked++)

  for (let i = 0; i < 11; i++) bodies.count(1024 * 1024)

  expect(asked).toBe(2)
})

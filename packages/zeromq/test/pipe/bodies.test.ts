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

interface Told {
  readonly collections: number
  readonly pages: number
}

async function manyBodies(size: number): Promise<Told> {
  const program = fileURLToPath(new URL('many-bodies.ts', import.meta.url))
  const { stdout } = await run(process.execPath, [program, String(size)])
  return JSON.parse(stdout) as Told
}

test.each([65_536, 1_048_576])(
  'half a GiB of bodies of %i octets does not set off collections of the whole heap',
  async size => {
    // Without garbage beside them it is seven times.
    expect((await manyBodies(size)).collections).toBeLessThanOrEqual(2)
  },
)

const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header

// Other allocators have rules of their own.
test.skipIf(glibcVersionRuntime === undefined)('bodies of 1 MiB get memory that was used before', async () => {
  const { pages } = await manyBodies(1_048_576)

  // Of 256; 70 where the allocator gives back what is freed.
  expect(pages).toBeLessThan(32)
})

test('young objects are looked at once for each 4 MiB, and not where that cannot be told', () => {
  let asked = 0
  const bodies = new Bodies(() => void asked++)

  for (let i = 0; i < 11; i++) bodies.count(1024 * 1024)

  expect(asked).toBe(2)
})

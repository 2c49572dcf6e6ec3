import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { access } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { start } from '../src/index.ts'
import { liveProcess, whenGone } from '../src/live-process.ts'
import type { LiveProcess } from '../src/live-process.ts'

test('a fresh server ends with the process that wanted it, also when nobody stopped it', async () => {
  const { child, server } = await owner('process.stdin.once("data", () => process.exit(0))')

  child.stdin.write('end\n')
  await once(child, 'exit')

  expect(await whenGone(server, 10_000)).toBe(true)
})

test('a fresh server whose owner was killed is ended by the next that starts one', async () => {
  const { child, server, folder } = await owner('process.stdin.resume()')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const before = liveProcess(server.pid)

  await using next = await start('nats', { fresh: true })

  expect(before).toEqual(server)
  expect(liveProcess(server.pid)).toBeUndefined()
  await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(next.pid).toBeGreaterThan(0)
})

async function owner(then: string) {
  const program = `
    import { start } from '@millrace/harness'
    const { pid, folder } = await start('nats', { fresh: true })
    console.log(JSON.stringify({ pid, folder }))
    ${then}`
  const args = ['--conditions=millrace-source', '--input-type=module', '-e', program]
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string }
  return { child, folder, server: liveProcess(pid) as LiveProcess }
}

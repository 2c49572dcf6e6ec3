import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isAlive, liveProcess, signalProcess, whenGone } from '../src/live-process.ts'

test('a process that has the pid of an earlier one is never taken for it', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const real = liveProcess(child.pid!)! // it has been spawned
  const earlier = { ...real, started: `${real.started}-earlier` }

  const sent = signalProcess(earlier, 'SIGKILL')

  expect(sent).toBe(false)
  expect([isAlive(earlier), isAlive(real)]).toEqual([false, true])
  expect(signalProcess(real, 'SIGKILL')).toBe(true)
  expect(await whenGone(real, 10_000)).toBe(true)
  expect(isAlive(real)).toBe(false)
})

test('waiting for a process that stays ends after the timeout', async () => {
  expect(await whenGone(liveProcess(process.pid)!, 10)).toBe(false) // this process lives
})

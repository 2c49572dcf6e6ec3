import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { sharedServers, start } from '../src/index.ts'

test('all who start a shared server have the same one, other processes included, and leaving it does not end it', async () => {
  const one = await start('nats')
  {
    await using other = await start('nats')
    expect([other.url, other.pid]).toEqual([one.url, one.pid])
  }

  const program = `
    import { start } from '@millrace/harness'
    console.log((await start('nats')).pid)`
  const args = ['--conditions=millrace-source', '--input-type=module', '-e', program]
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]

  expect(Number(said.toString())).toBe(one.pid)
  expect((await sharedServers()).map(({ server }) => server?.pid)).toContain(one.pid)
})

test('a shared server that was killed comes back with its address for the next that wants it', async () => {
  const one = await start('mosquitto')
  const { pid } = one

  await one.kill()
  const next = await start('mosquitto')

  expect(next.url).toBe(one.url)
  expect(next.pid).not.toBe(pid)
})

test('the configuration of a shared server cannot be asked for', async () => {
  await expect(start('nats', { config: ['debug: true'] })).rejects.toMatchObject({ code: 'BAD_OPTION' })
})

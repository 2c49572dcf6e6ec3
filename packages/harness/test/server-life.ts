import { connect } from 'node:net'
import { access } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { start } from '../src/index.ts'
import type { ServerName } from '../src/index.ts'

/** What holds for every server, tried on a real one: it starts, comes back after SIGKILL and after SIGTERM, and leaves nothing behind. */
export function serverLife(name: ServerName, version: string): void {
  test(`${name} ${version} comes back on its port after SIGKILL and after SIGTERM, and is gone when stopped`, async () => {
    await using server = await start(name, { version, fresh: true })
    const first = server.pid
    const { client } = server.ports

    await server.restart({ signal: 'SIGKILL' })
    const second = server.pid
    await server.restart()
    const third = server.pid
    await server.kill()
    const killed = { pid: server.pid, open: await isOpen(client!) }
    await server.restart()
    const back = await isOpen(client!)
    await server.stop()
    await server.stop()

    expect(server.version).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}`))
    expect(new Set([first, second, third]).size).toBe(3)
    expect(killed).toEqual({ pid: undefined, open: false })
    expect(back).toBe(true)
    expect(await isOpen(client!)).toBe(false)
    await expect(access(server.folder)).rejects.toMatchObject({ code: 'ENOENT' })
  }, 600_000)

  test(`two fresh ${name} ${version} run side by side`, async () => {
    await using one = await start(name, { version, fresh: true })
    await using other = await start(name, { version, fresh: true })

    expect(one.url).not.toBe(other.url)
    expect([await isOpen(one.ports['client']!), await isOpen(other.ports['client']!)]).toEqual([true, true])
  }, 600_000)
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  return await new Promise<boolean>(resolve => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}

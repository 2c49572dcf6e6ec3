// libzmq: test_use_fd
//
// A process gives its listening socket to a child, as systemd does; the child serves on the descriptor.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { across, text, type Scene } from './kit.ts'

for (const [server, client] of [
  ['Reply', 'Request'],
  ['Pair', 'Pair'],
  ['Server', 'Client'],
] as const)
  across(`a ${server} serves on a socket that was bound before`, { over: ['tcp', 'ipc'] }, async scene => {
    const connecting = scene.add(new scene.b[client]())

    connecting.connect(await inherited(scene, server))

    await connecting.send('there and back')
    expect(await text(connecting)).toEqual(['there and back'])
  })

async function inherited(scene: Scene, type: string): Promise<string> {
  const listener = createServer()
  const path = scene.transport === 'ipc' ? scene.fresh().slice('ipc://'.length) : undefined
  await new Promise<void>(resolve =>
    path === undefined ? listener.listen(0, '127.0.0.1', resolve) : listener.listen(path, resolve),
  )
  const address = listener.address()
  const endpoint = typeof address === 'string' ? `ipc://${address}` : `tcp://127.0.0.1:${address?.port}`
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle
  const script = fileURLToPath(new URL('use-fd-server.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--conditions=millrace-source', '--no-warnings', script, scene.names[0], type, endpoint],
    { stdio: ['ignore', 'inherit', 'inherit', fd, 'ipc'], env: { ...process.env, NODE_OPTIONS: '' } },
  )
  scene.defer(() => child.kill('SIGKILL'))
  await once(child, 'message')
  // Closing takes the path of an ipc socket along; keep it out of the way meanwhile.
  if (path !== undefined) renameSync(path, `${path}.kept`)
  await new Promise(resolve => listener.close(resolve))
  if (path !== undefined) renameSync(`${path}.kept`, path)
  return endpoint
}

// libzmq: test_reconnect_options
import { linkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { terminate } from '../../src/extra.ts'
import type { Context } from '../../src/index.ts'
import { across, bounce, each, Events, nothing, raw, text, type Scene } from './kit.ts'

const reconnectStop = 109
const [refused, handshakeFailed, afterDisconnect] = [1, 2, 4]

each('a connection that is refused is tried again', async scene => {
  const { a, add } = scene
  const socket = add(new a.Subscriber({ reconnectInterval: 10 }))
  const events = new Events(socket)

  socket.connect(await scene.unused())

  await events.next('connect:delay')
  await events.next('close')
  const { interval } = (await events.next('connect:retry')) as { interval: number }
  expect(interval).toBeGreaterThanOrEqual(10)
  expect(interval).toBeLessThan(20)
  await events.next('connect:retry')
})

across('a connection that is lost comes back with its peer', async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const first = add(new a.Pair())
  const client = add(new b.Pair({ reconnectInterval: 10 }))
  const events = new Events(client)
  await first.bind(endpoint)
  client.connect(endpoint)
  await events.next('handshake')

  first.close()
  await events.next('disconnect')
  await events.next('connect:retry')
  const second = add(new a.Pair())
  await second.bind(endpoint)

  await events.next('handshake')
  await bounce(second, client)
})

each('a refused connection is given up where it was told so', async scene => {
  const endpoint = await scene.unused()
  const { events, retried } = await beside(scene, refused, endpoint)

  await retried()

  expect(events.types.slice(0, 2)).toEqual(['connect:delay', 'close'])
  expect(events.types).not.toContain('connect:retry')
})

each('a handshake that fails is given up where it was told so', async scene => {
  const rude = createServer(peer => {
    peer.on('error', () => {})
    peer.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  await new Promise<void>(resolve => rude.listen(0, '127.0.0.1', resolve))
  scene.defer(() => rude.close())
  const { events } = await beside(scene, handshakeFailed, `tcp://127.0.0.1:${(rude.address() as AddressInfo).port}`)

  await events.next('connect')
  await Promise.race([
    events.next('handshake:error:other'),
    events.next('handshake:error:protocol'),
    events.next('disconnect'),
  ])

  expect(events.types.filter(type => type === 'connect')).toHaveLength(1)
})

across('a connection that was lost is given up where it was told so', async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const server = add(new a.Pair())
  const client = add(new b.Pair({ reconnectInterval: 5 }))
  raw(client).setInt32Option(reconnectStop, afterDisconnect)
  const events = new Events(client)
  await server.bind(endpoint)
  client.connect(endpoint)
  await events.next('handshake')

  client.disconnect(endpoint)
  const control = add(new b.Pair({ reconnectInterval: 5 }))
  const others = new Events(control)
  control.connect(await scene.unused())
  await others.count('connect:retry', 3)

  expect(events.types.filter(type => type === 'connect')).toHaveLength(1)
})

// libzmq heeds the bit on ipc alone, and where somebody's dead socket refuses: that is what both can be asked for.
across(
  'after disconnect a refused peer is not looked for again where it was told so',
  { over: ['ipc'] },
  async scene => {
    const { a, b, add } = scene
    const endpoint = await deadSocket(scene)
    const stopping = add(new b.Push({ reconnectInterval: 5 }))
    raw(stopping).setInt32Option(reconnectStop, afterDisconnect)
    const patient = add(new b.Push({ reconnectInterval: 5 }))
    const retries = new Events(patient)
    for (const push of [stopping, patient]) {
      push.linger = 3000
      push.connect(endpoint)
      await push.send(push === patient ? 'patient' : 'stopping')
      push.disconnect(endpoint)
    }
    await retries.count('connect:retry', 4)

    const pull = add(new a.Pull())
    await pull.bind(endpoint)

    expect(await text(pull)).toEqual(['patient'])
    await nothing(pull)
  },
)

each(
  'after disconnect no peer is looked for again where it was told so, nor kept waiting for by a context',
  { over: ['tcp', 'ipc'], oursOnly: 'libzmq heeds the bit on ipc alone, and then never lets its context end' },
  async ({ a, unused }) => {
    const context = new a.Context()
    const push = new a.Push({ context, linger: -1, reconnectInterval: 5 })
    raw(push).setInt32Option(reconnectStop, afterDisconnect)
    const events = new Events(push)
    const endpoint = await unused()
    push.connect(endpoint)
    await push.send('given up')
    await events.next('connect:retry')

    push.disconnect(endpoint)
    push.close()

    await terminate(context as unknown as Context)
  },
)

// The file of a listener that died without removing it: connections to it are refused.
async function deadSocket(scene: Scene): Promise<string> {
  const endpoint = await scene.unused()
  const path = endpoint.slice('ipc://'.length)
  const server = createServer()
  await new Promise<void>(resolve => server.listen(`${path}.dying`, resolve))
  linkSync(`${path}.dying`, path)
  await new Promise(resolve => server.close(resolve))
  return endpoint
}

// A socket that stops as told, and one beside it that does not: when that one tried three times, the other would have too.
async function beside(
  scene: Scene,
  stop: number,
  endpoint: string,
): Promise<{ events: Events; retried: () => Promise<void> }> {
  const socket = scene.add(new scene.a.Subscriber({ reconnectInterval: 5 }))
  raw(socket).setInt32Option(reconnectStop, stop)
  const events = new Events(socket)
  const control = scene.add(new scene.a.Subscriber({ reconnectInterval: 5 }))
  const others = new Events(control)
  socket.connect(endpoint)
  control.connect(endpoint)
  return { events, retried: () => others.count('connect:retry', 3) }
}

// libzmq: test_monitor
import { expect } from 'vitest'
import { across, bounce, each, Events } from './kit.ts'

across('a server sees bind, accept, handshake, disconnect, close and end', { over: ['tcp', 'ipc'] }, async scene => {
  const { a, b, add, bind } = scene
  const server = add(new a.Reply())
  const events = new Events(server)
  const endpoint = await bind(server)
  const client = add(new b.Request())
  client.connect(endpoint)
  await bounce(server, client)

  client.close()
  await events.next('disconnect')
  server.close()
  await events.next('end')

  expect(events.types).toEqual(['bind', 'accept', 'handshake', 'disconnect', 'close', 'end'])
  for (const event of events.seen.slice(0, 5)) expect(event).toHaveProperty('address', endpoint)
})

across('a client sees delay, connect, handshake, disconnect and retry', { over: ['tcp', 'ipc'] }, async scene => {
  const { a, b, add, bind } = scene
  const server = add(new a.Reply())
  const endpoint = await bind(server)
  const client = add(new b.Request({ reconnectInterval: 30 }))
  const events = new Events(client)
  client.connect(endpoint)
  await bounce(server, client)

  server.close()
  await events.next('connect:retry')

  const expected = ['connect', 'handshake', 'disconnect', 'connect:retry']
  expect(events.types.filter(type => type !== 'connect:delay').slice(0, 4)).toEqual(expected)
  if (scene.transport === 'tcp') expect(events.types[0]).toBe('connect:delay')
  for (const event of events.seen) expect(event).toHaveProperty('address', endpoint)
})

each('an address that is taken is an error of bind, and the socket goes on', async ({ a, add, bind }) => {
  const first = add(new a.Reply())
  const second = add(new a.Reply())
  const endpoint = await bind(first)
  const events = new Events(second)

  await expect(second.bind(endpoint)).rejects.toMatchObject({ code: 'EADDRINUSE', address: endpoint })
  await second.bind('tcp://127.0.0.1:*')

  await events.next('bind')
})

across('events can be iterated, and the iteration ends with the socket', async ({ a, b, add, bind }) => {
  const server = add(new a.Reply())
  const seen: string[] = []
  const watching = (async () => {
    for await (const event of server.events) seen.push(event.type)
  })()
  const client = add(new b.Request())
  client.connect(await bind(server))
  await bounce(server, client)

  server.close()
  await watching

  expect(seen.slice(0, 3)).toEqual(['bind', 'accept', 'handshake'])
})

each(
  'an observer that is closed ends, its socket does not',
  { oursOnly: 'the native package blocks its process' },
  async ({ a, add, bind }) => {
    const server = add(new a.Reply())
    const client = add(new a.Request())
    const { events } = server
    events.close()

    expect(events.closed).toBe(true)
    client.connect(await bind(server))
    await bounce(server, client)
  },
)

across('a handshake that fails is told by both, and then the end of its connection', async ({ a, b, add, bind }) => {
  const server = add(new a.Reply({ plainServer: true }))
  const client = add(new b.Request({ reconnectInterval: 10_000 }))
  const [told, seen] = [new Events(server), new Events(client)]
  client.connect(await bind(server))

  await Promise.all([told.next('disconnect'), seen.next('disconnect')])

  for (const { types } of [told, seen]) {
    expect(types[types.indexOf('disconnect') - 1]).toMatch(/^handshake:error:(protocol|other)$/)
  }
})

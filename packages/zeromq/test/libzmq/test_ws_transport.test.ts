// libzmq: test_ws_transport
import { expect } from 'vitest'
import { bounce, each, Events, nothing, text } from './kit.ts'
import { ask, keys, serve } from './security.ts'

const oursOnly = 'the native package has no ws'
const ours = { oursOnly }

each('REQ and REP bounce over ws', ours, async ({ a, add }) => {
  const server = add(new a.Reply())
  const client = add(new a.Request())
  await server.bind('ws://*:*')
  expect(server.lastEndpoint).toMatch(/^ws:\/\/0\.0\.0\.0:\d+\/?$/)
  client.connect((server.lastEndpoint ?? '').replace('0.0.0.0', '127.0.0.1'))

  await bounce(server, client)
})

each('the path is part of the endpoint', ours, async ({ a, add }) => {
  const server = add(new a.Reply())
  const client = add(new a.Request())
  await server.bind('ws://127.0.0.1:*/roundtrip')
  expect(server.lastEndpoint).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/roundtrip$/)
  client.connect(server.lastEndpoint ?? '')

  await bounce(server, client)
})

for (const size of [1, 125, 126, 255, 2_000, 65_535, 65_536, 1_000_000])
  each(`a message of ${size} octets arrives over ws`, ours, async ({ a, add }) => {
    const server = add(new a.Pair())
    const client = add(new a.Pair())
    await server.bind('ws://127.0.0.1:*')
    client.connect(server.lastEndpoint ?? '')
    const body = Buffer.alloc(size, 'ab')

    await client.send(body)
    const [got] = await server.receive()
    expect(got?.equals(body)).toBe(true)
    await server.send(body)

    expect((await client.receive())[0]?.equals(body)).toBe(true)
  })

each('heartbeats go by ping and pong of ws', ours, async ({ a, add }) => {
  const server = add(new a.Reply({ heartbeatInterval: 20, heartbeatTimeout: 300 }))
  const client = add(new a.Request({ heartbeatInterval: 20, heartbeatTimeout: 300 }))
  const events = new Events(server)
  await server.bind('ws://127.0.0.1:*')
  client.connect(server.lastEndpoint ?? '')

  for (let turn = 0; turn < 10; turn++) {
    client.receiveTimeout = 50
    await expect(client.receive()).rejects.toMatchObject({ code: expect.stringMatching(/EAGAIN|EFSM/) })
  }
  client.receiveTimeout = 5_000
  await bounce(server, client)

  expect(events.types).not.toContain('disconnect')
})

each('what is sent to many stays what it was, masked or not', ours, async ({ a, add }) => {
  const pub = add(new a.XPublisher())
  await pub.bind('ws://127.0.0.1:*')
  const subs = [add(new a.Subscriber()), add(new a.Subscriber())]
  pub.verbosity = 'allSubs'
  for (const sub of subs) {
    sub.subscribe('to')
    sub.connect(pub.lastEndpoint ?? '')
    expect(await text(pub)).toEqual(['\u0001to'])
  }
  const body = Buffer.alloc(300, 'to all')

  await pub.send(body)

  for (const sub of subs) expect((await sub.receive())[0]?.equals(body)).toBe(true)
  expect(body.equals(Buffer.alloc(300, 'to all'))).toBe(true)
})

each('a subscriber over ws gets its topics alone', ours, async ({ a, add }) => {
  const pub = add(new a.XPublisher())
  await pub.bind('ws://127.0.0.1:*')
  const sub = add(new a.Subscriber())
  sub.subscribe('A')
  sub.connect(pub.lastEndpoint ?? '')
  await pub.receive()

  await pub.send(['B', 'no'])
  await pub.send(['A', 'yes'])

  expect(await text(sub)).toEqual(['A', 'yes'])
})

each('CURVE runs over ws', ours, async ({ a, add }) => {
  const pair = keys(a)
  const server = add(new a.Reply())
  serve(server, 'CURVE', pair, '')
  const client = add(new a.Request())
  ask(client, 'CURVE', pair)
  await server.bind('ws://127.0.0.1:*')
  client.connect(server.lastEndpoint ?? '')

  await bounce(server, client)
})

each('CURVE over ws lives by its heartbeats while nothing is sent, and carries on', ours, async ({ a, add }) => {
  const pair = keys(a)
  const beating = { heartbeatInterval: 20, heartbeatTimeout: 60, heartbeatTimeToLive: 100 }
  const server = add(new a.Reply(beating))
  serve(server, 'CURVE', pair, '')
  const client = add(new a.Request(beating))
  ask(client, 'CURVE', pair)
  const events = new Events(client)
  await server.bind('ws://127.0.0.1:*')
  client.connect(server.lastEndpoint ?? '')
  await bounce(server, client)

  // Five times as long as either would wait in silence.
  await nothing(server, 300)
  for (let i = 0; i < 20; i++) await bounce(server, client)

  expect(events.types).not.toContain('disconnect')
})

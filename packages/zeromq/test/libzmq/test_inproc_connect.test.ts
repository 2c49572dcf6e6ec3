// libzmq: test_inproc_connect
import { expect } from 'vitest'
import { across, attend, bounce, each, nothing, text } from './kit.ts'

const inproc = { over: ['inproc'] } as const
const name = (): string => `inproc://connect-${Math.random()}`

across('bind, then connect', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  await server.bind(endpoint)
  client.connect(endpoint)

  await bounce(server, client)
})

across('connect, then bind: what was sent before arrives', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const client = add(new b.Pair())
  client.connect(endpoint)
  await client.send('foobar')
  const server = add(new a.Pair())

  await server.bind(endpoint)

  expect(await text(server)).toEqual(['foobar'])
})

across('a client may connect to two names before either is bound', inproc, async ({ a, b, add }) => {
  const [one, two] = [name(), name()]
  const client = add(new b.Dealer())
  client.connect(one)
  client.connect(two)
  await client.send('first')
  await client.send('second')
  const first = add(new a.Dealer())
  await first.bind(one)
  const second = add(new a.Dealer())

  await second.bind(two)

  expect(await text(first)).toEqual(['first'])
  expect(await text(second)).toEqual(['second'])
})

each('a socket with a connection that nobody answers closes', inproc, ({ a }) => {
  const client = new a.Pair()
  client.connect(name())

  client.close()

  expect(client.closed).toBe(true)
})

across('connect, close, then bind finds nobody, and nothing', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const client = new b.Pair({ linger: 0 })
  client.connect(endpoint)
  client.close()
  const server = add(new a.Pair())
  await server.bind(endpoint)

  await nothing(server)
})

across('a hundred connect first, and all are heard', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const heard: string[] = []
  for (let at = 0; at < 100; at++) {
    const client = add(new b.Push())
    client.connect(endpoint)
    await client.send(String(at))
  }
  const server = add(new a.Pull())

  await server.bind(endpoint)

  for (let at = 0; at < 100; at++) heard.push((await text(server))[0] ?? '')
  expect(heard.map(Number).sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, at) => at))
})

across('a second binder of a name is refused while the first is there', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const first = add(new a.Pair())
  const second = add(new b.Pair())
  await first.bind(endpoint)

  await expect(second.bind(endpoint)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await first.unbind(endpoint)
  await second.bind(endpoint)

  expect(second.lastEndpoint).toBe(endpoint)
})

across('a routing id is known when the connecter came first', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const dealer = add(new b.Dealer({ routingId: 'conn1' }))
  dealer.connect(endpoint)
  await dealer.send('hi')
  const router = add(new a.Router({ routingId: 'bind1' }))

  await router.bind(endpoint)

  expect(await text(router)).toEqual(['conn1', 'hi'])
  await router.send(['conn1', 'yo'])
  expect(await text(dealer)).toEqual(['yo'])
})

across('after an unbind a name finds nobody', inproc, async ({ a, b, add }) => {
  const endpoint = name()
  const server = add(new a.Pull())
  await server.bind(endpoint)
  await server.unbind(endpoint)
  const late = add(new b.Push())
  late.connect(endpoint)
  await late.send('waits')

  await nothing(server)
})

each('closing in the middle of pending connections ends what waits', inproc, async ({ a, add }) => {
  const sockets = Array.from({ length: 20 }, () => add(new a.Dealer()))
  for (const socket of sockets) socket.connect(name())
  const waiting = sockets.map(attend)

  for (const socket of sockets) socket.close()

  expect(await Promise.all(waiting)).toEqual(sockets.map(() => undefined))
})

// libzmq: test_heartbeats
import { expect } from 'vitest'
import type { Socket, SocketOptions } from 'zeromq'
import type { Zmq } from './implementations.ts'
import { across, each, Events, portOf, raw, type Scene } from './kit.ts'
import { command, commandBody, greeting, ready, WirePeer, WireServer } from './wire-peer.ts'

const ping = (deciseconds: number, context = ''): Buffer =>
  command('PING', Buffer.concat([Buffer.from([deciseconds >> 8, deciseconds & 255]), Buffer.from(context)]))

for (const type of ['Router', 'Dealer'] as const) {
  const mock = type === 'Router' ? 'DEALER' : 'ROUTER'

  each(`a ${type} cuts off a peer that does not answer its PING`, async scene => {
    const { add, bind } = scene
    const server = add(new scene.a[type]({ heartbeatInterval: 20, heartbeatTimeout: 60 }))
    const events = new Events(server)
    const peer = await WirePeer.connect(portOf(await bind(server)), scene)
    await peer.handshake(mock)

    const { flags, body } = await peer.frame()
    expect([flags, body.subarray(0, 5).toString()]).toEqual([4, '\u0004PING'])
    await peer.closed

    await events.next('handshake')
    await events.next('disconnect')
  })

  each(`a ${type} that connects leaves a peer that does not answer its PING`, async scene => {
    const mute = await WireServer.listen(scene)
    const client = scene.add(new scene.a[type]({ heartbeatInterval: 20, heartbeatTimeout: 60, reconnectInterval: 10 }))
    const events = new Events(client)
    client.connect(mute.endpoint)
    const peer = await mute.next()
    await peer.handshake(mock)

    await peer.closed

    await events.next('disconnect')
    await mute.next()
  })
}

each('the time to live that a peer announced is kept to', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Dealer())
  const events = new Events(server)
  const peer = await WirePeer.connect(portOf(await bind(server)), scene)
  await peer.handshake('DEALER')

  peer.write(ping(1))

  expect(await peer.frame()).toEqual({ flags: 4, body: commandBody('PONG') })
  await peer.closed
  await events.next('disconnect')
})

for (const [sent, expected] of [
  ['', ''],
  ['abc', 'abc'],
  ['0123456789abcdef', '0123456789abcdef'],
  ['z'.repeat(55), 'z'.repeat(16)],
] as const)
  each(`the ${sent.length} octets of context of a PING come back as ${expected.length}`, async scene => {
    const { a, add, bind } = scene
    const server = add(new a.Dealer())
    const peer = await WirePeer.connect(portOf(await bind(server)), scene)
    await peer.handshake('DEALER')

    peer.write(ping(0, sent))

    expect(await peer.frame()).toEqual({ flags: 4, body: commandBody('PONG', expected) })
  })

each('any traffic counts as a sign of life', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Pull({ heartbeatInterval: 20, heartbeatTimeout: 200 }))
  const peer = await WirePeer.connect(portOf(await bind(server)), scene)
  await peer.handshake('PUSH')

  for (let pings = 0; pings < 12; pings++) {
    const { body } = await peer.frame()
    expect(body.subarray(0, 5).toString()).toBe('\u0004PING')
    // Never a PONG: a message does as well.
    peer.write(Buffer.from([0, 1, pings]))
    expect((await server.receive())[0]).toEqual(Buffer.from([pings]))
  }
})

const patterns = [
  ['Pull', 'Push'],
  ['Reply', 'Request'],
  ['Subscriber', 'Publisher'],
  ['Pair', 'Pair'],
  ['Dealer', 'Router'],
] as const

for (const [server, client] of patterns)
  across(`${server} and ${client} keep each other alive`, async scene => {
    await quiet(scene, server, client, () => {}, {})
  })

across('a CURVE connection keeps itself alive, pings under the seal', async scene => {
  const server = scene.a.curveKeyPair()
  const client = scene.a.curveKeyPair()
  await quiet(
    scene,
    'Dealer',
    'Dealer',
    socket => {
      socket.curveServer = true
      socket.curveSecretKey = server.secretKey
    },
    { curveServerKey: server.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey },
  )
})

for (const type of ['Pull', 'Reply', 'Subscriber', 'Pair', 'Router'] as const)
  each(`the time to live ends the connection of a ${type} whose peer fell silent`, async scene => {
    const wire = { Pull: 'PUSH', Reply: 'REQ', Subscriber: 'PUB', Pair: 'PAIR', Router: 'DEALER' }[type]
    const server = scene.add(new scene.a[type]() as Socket)
    const events = new Events(server)
    const peer = await WirePeer.connect(portOf(await scene.bind(server)), scene)
    peer.write(greeting(), ready(wire), ping(1))

    await peer.closed

    await events.next('disconnect')
  })

each('the time to live is kept in tenths of a second and has a bound', ({ a, add }) => {
  const socket = add(new a.Dealer())
  const ttl = (value: number): number => {
    socket.heartbeatTimeToLive = value
    return socket.heartbeatTimeToLive
  }

  expect(ttl(0)).toBe(0)
  expect(ttl(99)).toBe(0)
  expect(ttl(100)).toBe(100)
  expect(ttl(199)).toBe(100)
  expect(ttl(6_553_599)).toBe(6_553_500)
  expect(() => ttl(6_553_600)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  expect(raw(socket).getInt32Option(75)).toBe(0)
})

type Named = 'Pull' | 'Push' | 'Reply' | 'Request' | 'Subscriber' | 'Publisher' | 'Pair' | 'Dealer' | 'Router'

// Two peers that send each other nothing but PINGs; a third whose handshakes are counted tells when enough time went by.
async function quiet(
  scene: Scene,
  server: Named,
  client: Named,
  prepare: (socket: Socket) => void,
  options: object,
): Promise<void> {
  const beats = { heartbeatInterval: 20, heartbeatTimeout: 400, heartbeatTimeToLive: 500 }
  const make = (zmq: Zmq, name: Named, given: object): Socket =>
    scene.add(new (zmq[name] as new (options: SocketOptions<Socket>) => Socket)({ ...beats, ...given }))
  const bound = make(scene.a, server, {})
  prepare(bound)
  const connecting = make(scene.b, client, options)
  const events = new Events(bound)
  const theirs = new Events(connecting)
  connecting.connect(await scene.bind(bound))
  await events.next('handshake')
  await theirs.next('handshake')
  const mute = await WireServer.listen(scene)
  const clock = scene.add(new scene.a.Dealer({ handshakeInterval: 700 }))
  clock.connect(mute.endpoint)

  await (
    await mute.next()
  ).closed

  expect(events.types).not.toContain('disconnect')
  expect(theirs.types).not.toContain('disconnect')
}

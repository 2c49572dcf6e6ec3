// libzmq: test_security_curve
import { expect } from 'vitest'
import type { Dealer } from 'zeromq'
import { across, bounce, each, Events, nothing, portOf, type Scene } from './kit.ts'
import { ask, keys, ownContext, serve, type Keys } from './security.ts'
import { command, frame, greeting, message, ready, WirePeer, WireServer } from './wire-peer.ts'
import { verdict, zapHandler, type Request } from './zap-handler.ts'

across('a client with good keys is let in', async scene => {
  const { server, client, pair, requests } = await guarded(scene)
  ask(client, 'CURVE', pair)
  client.connect(await scene.bind(server))

  await bounce(server, client)

  expect([server.securityMechanism, client.securityMechanism]).toEqual(['curve', 'curve'])
  expect(requests).toMatchObject([{ mechanism: 'CURVE', domain: 'global', address: '127.0.0.1' }])
  expect(requests[0]?.credentials.map(key => key.length)).toEqual([32])
})

across('a client whose key the handler does not know is refused, and told', async scene => {
  const { server, client, pair } = await guarded(scene)
  ask(client, 'CURVE', { server: pair.server, client: scene.b.curveKeyPair() })
  const [here, there] = [new Events(server), new Events(client)]
  client.connect(await scene.bind(server))

  expect(await here.next('handshake:error:auth')).toMatchObject({ error: { status: 400 } })
  expect(await there.next('handshake:error:auth')).toMatchObject({ error: { status: 400 } })
})

across('a client that believes in another server is refused', async scene => {
  const { server, client, pair } = await guarded(scene)
  ask(client, 'CURVE', { server: scene.b.curveKeyPair(), client: pair.client })
  const events = new Events(server)
  client.connect(await scene.bind(server))

  expect(await events.next('handshake:error:protocol')).toMatchObject({ error: { code: 'ERR_ZMTP_CRYPTOGRAPHIC' } })
})

across('a client whose two keys do not belong together is refused', async scene => {
  const { server, client, pair } = await guarded(scene)
  ask(client, 'CURVE', {
    server: pair.server,
    client: { publicKey: pair.client.publicKey, secretKey: scene.b.curveKeyPair().secretKey },
  })
  const events = new Events(server)
  client.connect(await scene.bind(server))

  await events.next('handshake:error:protocol')

  await nothing(server)
})

across('a client without keys of its own is refused', async scene => {
  const { server, client, pair } = await guarded(scene)
  client.curveServerKey = pair.server.publicKey
  const events = new Events(server)
  client.connect(await scene.bind(server))

  await events.next('handshake:error:protocol')

  await nothing(server)
})

for (const [title, options] of [
  ['NULL', {}],
  ['PLAIN', { plainUsername: 'admin', plainPassword: 'password' }],
] as const)
  across(`a client that speaks ${title} is refused by a CURVE server`, async scene => {
    const { server, client } = await guarded(scene)
    Object.assign(client, options)
    const [here, there] = [new Events(server), new Events(client)]
    client.connect(await scene.bind(server))

    const seen = await Promise.any([here, there].map(events => events.next('handshake:error:protocol')))
    expect(seen).toMatchObject({ error: { code: 'ERR_ZMTP_MECHANISM_MISMATCH' } })
  })

across('a CURVE client is refused by a NULL server', async scene => {
  const { a, b, add, bind } = scene
  const server = add(new a.Dealer())
  const client = add(new b.Dealer())
  ask(client, 'CURVE', keys(b))
  const [here, there] = [new Events(server), new Events(client)]
  client.connect(await bind(server))

  const seen = await Promise.any([here, there].map(events => events.next('handshake:error:protocol')))
  expect(seen).toMatchObject({ error: { code: 'ERR_ZMTP_MECHANISM_MISMATCH' } })
})

each('a raw peer that sends a message before it is let in is cut off', async scene => {
  const { peer } = await raw(scene)

  peer.write(greeting(), ready('DEALER'), message('too early'))

  await peer.closed
})

const hello = (change: { version?: string; size?: number; box?: number } = {}): Buffer => {
  const body = Buffer.alloc(change.size ?? 200)
  body.write('\u0005HELLO', 'latin1')
  body.write(change.version ?? '0100', 6, 'hex')
  body.fill(change.box ?? 7, 80)
  return frame(4, body)
}

for (const [title, sent, code] of [
  ['that is too short', hello({ size: 199 }), 'ERR_ZMTP_MALFORMED_COMMAND_HELLO'],
  ['that is too long', hello({ size: 201 }), 'ERR_ZMTP_MALFORMED_COMMAND_HELLO'],
  ['of another version', hello({ version: '0200' }), 'ERR_ZMTP_MALFORMED_COMMAND_HELLO'],
  ['whose box is forged', hello(), 'ERR_ZMTP_CRYPTOGRAPHIC'],
  ['that is called something else', frame(4, '\u0005HALLO'.padEnd(200, '\0')), 'ERR_ZMTP_UNEXPECTED_COMMAND'],
  ['that is an INITIATE', command('INITIATE', Buffer.alloc(248)), 'ERR_ZMTP_UNEXPECTED_COMMAND'],
  ['that is empty', frame(4, ''), undefined],
] as const)
  each(`a HELLO ${title} ends that connection, and only that`, async scene => {
    const { peer, server, pair } = await raw(scene)
    const events = new Events(server)
    peer.write(greeting({ mechanism: 'CURVE' }))
    await peer.read(64)

    peer.write(sent)

    await peer.closed
    const event = await events.next('handshake:error:protocol')
    if (code !== undefined) expect(event).toMatchObject({ error: { code } })
    const honest = scene.add(new scene.a.Dealer())
    ask(honest, 'CURVE', pair)
    honest.connect(server.lastEndpoint ?? '')
    await bounce(server, honest)
  })

each('an INITIATE that was changed on its way is refused', async scene => {
  const { server, pair } = await raw(scene)
  const middle = await WireServer.listen(scene)
  const client = scene.add(new scene.a.Dealer())
  ask(client, 'CURVE', pair)
  const events = new Events(server)
  client.connect(middle.endpoint)
  const [left, right] = [await middle.next(), await WirePeer.connect(portOf(server.lastEndpoint ?? ''), scene)]
  right.write(await left.read(10))
  left.write(await right.read(11))
  right.write(await left.read(1))
  void (async () => left.write(await right.read(53)))()
  right.write(await left.read(53))
  const first = await left.frame()
  right.write(frame(4, first.body))
  const welcome = await right.frame()
  left.write(frame(4, welcome.body))
  const initiate = await left.frame()
  expect(initiate.body.subarray(0, 9).toString('latin1')).toBe('\u0008INITIATE')

  initiate.body[initiate.body.length - 1] = (initiate.body.at(-1) ?? 0) ^ 1
  right.write(frame(4, initiate.body))

  await right.closed
  expect(await events.next('handshake:error:protocol')).toMatchObject({ error: { code: 'ERR_ZMTP_CRYPTOGRAPHIC' } })
})

interface Guarded {
  readonly server: Dealer
  readonly client: Dealer
  readonly pair: Keys
  readonly requests: Request[]
}

async function guarded(scene: Scene): Promise<Guarded> {
  const { a, b, add } = scene
  const pair = keys(a)
  const context = ownContext(scene, a)
  const expected = decode(pair.client.publicKey)
  const { requests } = await zapHandler(scene, a, context, request => {
    const key = request.credentials[0]
    return verdict(request, key !== undefined && expected.equals(key) ? '200' : '400')
  })
  const server = add(new a.Dealer({ context }))
  serve(server, 'CURVE', pair)
  return { server, client: add(new b.Dealer()), pair, requests }
}

async function raw(scene: Scene): Promise<{ peer: WirePeer; server: Dealer; pair: Keys }> {
  const { server, pair } = await guarded(scene)
  return { peer: await WirePeer.connect(portOf(await scene.bind(server)), scene), server, pair }
}

// Z85, RFC 32, as plainly as it can be said.
function decode(text: string): Buffer {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
  const octets = Buffer.alloc((text.length / 5) * 4)
  for (let at = 0; at < text.length; at += 5)
    octets.writeUInt32BE(
      Array.from(text.slice(at, at + 5)).reduce((value, letter) => value * 85 + alphabet.indexOf(letter), 0),
      (at / 5) * 4,
    )
  return octets
}

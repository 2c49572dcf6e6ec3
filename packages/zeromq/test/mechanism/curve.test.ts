import { expect, test } from 'vitest'
import { CurveClient } from '../../src/mechanism/curve-client.ts'
import type { CurveSecret } from '../../src/mechanism/curve-keys.ts'
import { CurveServer } from '../../src/mechanism/curve-server.ts'
import type { Mechanism } from '../../src/mechanism/mechanism.ts'
import { encodeCommand } from '../../src/wire/command.ts'
import { CRYPTO, newSecret, octets, own, shake } from './handshake.ts'

const SERVER = newSecret()
const CLIENT = newSecret()

test('a client that knows the server key gets in, and both have a cipher', () => {
  const { client, server } = pair()

  const tokens = shake(client, server, { is: 'reply', status: 200, userId: 'ann', metadata: new Map() })

  expect(tokens).toEqual(['C: HELLO', 'S: WELCOME', 'C: INITIATE', 'S: READY'])
  expect(client.state).toMatchObject({ is: 'done', peer: { socketType: 'ROUTER' } })
  expect(server.state).toMatchObject({ is: 'done', peer: { socketType: 'DEALER', routingId: octets('me') } })
  expect(passes(client, server)).toBe(true)
  expect(passes(server, client)).toBe(true)
})

test('the tokens have the sizes of RFC 26', () => {
  const { client, server } = pair()

  const hello = client.next()!
  server.receive(hello, 0, hello.length)
  const welcome = server.next()!
  client.receive(welcome, 0, welcome.length)
  const initiate = client.next()!
  server.receive(initiate, 0, initiate.length)
  server.authenticated({ is: 'absent' })
  const ready = server.next()!

  const metadata = '\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\x02me'.length
  expect([hello.length, welcome.length, initiate.length, ready.length]).toEqual([
    200,
    168,
    257 + metadata,
    30 + metadata - 2,
  ])
})

test('the handler is asked about the permanent public key of the client', () => {
  const { client, server } = pair()

  relay(client, server)
  relay(server, client)
  relay(client, server)

  expect(server.state).toEqual({
    is: 'authenticating',
    request: { mechanism: 'CURVE', credentials: [CLIENT.publicKey] },
  })
})

test.each([400, 500] as const)('a client that is refused with %i is told so', status => {
  const { client, server } = pair()

  const tokens = shake(client, server, { is: 'reply', status })

  expect(tokens.at(-1)).toBe('S: ERROR')
  expect(server.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status } })
  expect(client.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status } })
})

test('a client that is refused with 300 is told nothing', () => {
  const { client, server } = pair()

  shake(client, server, { is: 'reply', status: 300 })

  expect(server.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status: 300 } })
  expect(client.state.is).toBe('running')
})

test('without a handler everyone gets in, unless the domain is enforced', () => {
  const lenient = pair()
  const strict = pair({ domain: 'global', enforceDomain: true })

  shake(lenient.client, lenient.server, { is: 'absent' })
  shake(strict.client, strict.server, { is: 'absent' })

  expect(lenient.server.state.is).toBe('done')
  expect(strict.server.state).toMatchObject({ is: 'failed', failure: { is: 'no-detail' } })
})

test('a client with the key of another server does not get past HELLO', () => {
  const client = new CurveClient(own('DEALER'), { secret: CLIENT, serverKey: newSecret().publicKey }, CRYPTO)
  const server = new CurveServer(own('ROUTER'), SERVER, CRYPTO)

  relay(client, server)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_CRYPTOGRAPHIC' } })
})

test('socket types that cannot talk fail', () => {
  const client = new CurveClient(own('PUSH'), { secret: CLIENT, serverKey: SERVER.publicKey }, CRYPTO)
  const server = new CurveServer(own('SUB'), SERVER, CRYPTO)

  shake(client, server)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_INVALID_METADATA' } })
})

test('a public key of low order is refused on both sides', () => {
  const zero = new Uint8Array(32)
  const client = new CurveClient(own('DEALER'), { secret: CLIENT, serverKey: zero }, CRYPTO)
  const { client: honest, server } = pair()
  const hello = honest.next()!
  hello.set(zero, 80)

  server.receive(hello, 0, hello.length)

  expect(client.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_KEY_EXCHANGE' } })
  expect(client.next()).toBeUndefined()
  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_CRYPTOGRAPHIC' } })
})

test('one wrong bit anywhere but in the padding of a token ends the handshake', () => {
  // step 0: HELLO, 1: WELCOME, 2: INITIATE, 3: READY
  for (let step = 0; step < 4; step++) {
    for (let at = 0; ; at += 7) {
      const { client, server } = pair()
      for (let i = 0; i < step; i++) relay(i % 2 === 0 ? client : server, i % 2 === 0 ? server : client)
      const [from, to] = step % 2 === 0 ? [client, server] : [server, client]
      if (from.state.is === 'authenticating') from.authenticated({ is: 'absent' })
      const token = from.next()!
      if (at >= token.length) break
      if (step === 0 && at >= 8 && at < 80) continue
      token[at]! ^= 1 << (at % 8)

      to.receive(token, 0, token.length)

      expect(to.state.is, `token ${step}, octet ${at}`).toBe('failed')
      expect(to.next()).toBeUndefined()
    }
  }
})

test.each([
  ['a HELLO that is too short', encodeCommand('HELLO', new Uint8Array(193)), 'ZMTP_MALFORMED_HELLO'],
  ['a HELLO that is too long', encodeCommand('HELLO', new Uint8Array(195)), 'ZMTP_MALFORMED_HELLO'],
  ['a HELLO of another version', encodeCommand('HELLO', new Uint8Array(194)), 'ZMTP_MALFORMED_HELLO'],
  ['an INITIATE first', encodeCommand('INITIATE', new Uint8Array(300)), 'ZMTP_UNEXPECTED_COMMAND'],
])('a server refuses %s', (_what, token, error) => {
  const { server } = pair()

  server.receive(token, 0, token.length)

  expect(server.state).toMatchObject({ is: 'failed', failure: { is: 'protocol', error } })
})

test('a cookie of another connection is refused', () => {
  const one = pair()
  const two = pair()
  for (const { client, server } of [one, two]) {
    relay(client, server)
    relay(server, client)
  }

  const initiate = two.client.next()!
  one.server.receive(initiate, 0, initiate.length)

  expect(one.server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_CRYPTOGRAPHIC' } })
})

test('a client that vouches for another server is refused', () => {
  const elsewhere: CurveSecret = { publicKey: newSecret().publicKey, shared: theirs => SERVER.shared(theirs) }
  const client = new CurveClient(own('DEALER'), { secret: CLIENT, serverKey: SERVER.publicKey }, CRYPTO)
  // A server with the right secret that believes to have another public key: the vouch names the wrong one.
  const server = new CurveServer(own('ROUTER'), elsewhere, CRYPTO)

  shake(client, server)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_KEY_EXCHANGE' } })
})

test('a client that does not have the secret of the key it names is refused', () => {
  const thief: CurveSecret = { publicKey: CLIENT.publicKey, shared: theirs => newSecret().shared(theirs) }
  const client = new CurveClient(own('DEALER'), { secret: thief, serverKey: SERVER.publicKey }, CRYPTO)
  const server = new CurveServer(own('ROUTER'), SERVER, CRYPTO)

  shake(client, server)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_CRYPTOGRAPHIC' } })
})

test('a client whose two keys do not belong together is refused', () => {
  const keys = { secret: CLIENT, serverKey: SERVER.publicKey, publicKey: newSecret().publicKey }
  const client = new CurveClient(own('DEALER'), keys, CRYPTO)
  const server = new CurveServer(own('ROUTER'), SERVER, CRYPTO)

  shake(client, server)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_CRYPTOGRAPHIC' } })
})

test('what one connection sealed no other opens', () => {
  const one = pair()
  const two = pair()
  shake(one.client, one.server)
  shake(two.client, two.server)

  expect(passes(one.client, one.server)).toBe(true)
  expect(passes(two.client, one.server)).toBe(false)
})

function pair(zap?: { domain: string; enforceDomain: boolean }): { client: CurveClient; server: CurveServer } {
  return {
    client: new CurveClient(own('DEALER', 'me'), { secret: CLIENT, serverKey: SERVER.publicKey }, CRYPTO),
    server: new CurveServer(own('ROUTER'), SERVER, CRYPTO, zap),
  }
}

function relay(from: Mechanism, to: Mechanism): void {
  if (from.state.is === 'authenticating') from.authenticated({ is: 'absent' })
  const token = from.next()!
  to.receive(token, 0, token.length)
}

function passes(from: Mechanism, to: Mechanism): boolean {
  if (from.state.is !== 'done' || to.state.is !== 'done') return false
  const record = Uint8Array.of(1, 3, 7, 8, 9)
  const frame = new Uint8Array(100)
  const opened = new Uint8Array(5)
  from.state.cipher!.seal(record, 0, 5, frame, 0)
  return to.state.cipher!.open(frame, 0, from.state.cipher!.written, opened, 0) === 1 && opened.join() === record.join()
}

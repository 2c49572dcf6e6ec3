import { expect, test } from 'vitest'
import { NullMechanism } from '../../src/mechanism/null.ts'
import { encodeCommand, encodeError } from '../../src/wire/command.ts'
import { octets, own, shake } from './handshake.ts'

const ASKING = { domain: 'global', enforceDomain: false }

test('both sides say READY and know each other', () => {
  const dealer = new NullMechanism(own('DEALER', 'me'))
  const router = new NullMechanism(own('ROUTER'))

  const tokens = shake(dealer, router)

  expect(tokens).toEqual(['C: READY', 'S: READY'])
  expect(router.state).toMatchObject({
    is: 'done',
    cipher: undefined,
    peer: { socketType: 'DEALER', routingId: octets('me') },
  })
  expect(dealer.state).toMatchObject({ is: 'done', peer: { socketType: 'ROUTER', routingId: octets('') } })
})

test('READY is what libzmq sends', () => {
  const token = new NullMechanism(own('DEALER')).next()!

  expect(Buffer.from(token).toString('latin1')).toBe('\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0')
})

test('a type without a routing id sends none', () => {
  const token = new NullMechanism(own('PUSH', 'me')).next()!

  expect(Buffer.from(token).toString('latin1')).toBe('\x05READY\x0bSocket-Type\0\0\0\x04PUSH')
})

test('socket types that cannot talk fail on both sides', () => {
  const push = new NullMechanism(own('PUSH'))
  const sub = new NullMechanism(own('SUB'))

  shake(push, sub)

  for (const { state } of [push, sub]) {
    expect(state).toMatchObject({ is: 'failed', failure: { is: 'protocol', error: 'ZMTP_INVALID_METADATA' } })
  }
})

test('a domain holds READY back until the handler has answered', () => {
  const server = new NullMechanism(own('PULL'), ASKING)

  expect(server.state).toMatchObject({ is: 'authenticating', request: { mechanism: 'NULL', credentials: [] } })
  expect(server.next()).toBeUndefined()
  server.authenticated({ is: 'reply', status: 200, userId: 'ann', metadata: new Map([['X-room', octets('7')]]) })
  const client = new NullMechanism(own('PUSH'))
  shake(client, server)

  expect(server.state).toMatchObject({ is: 'done' })
  if (server.state.is !== 'done') return
  expect(server.state.peer.properties.get('User-Id')).toEqual(octets('ann'))
  expect(server.state.peer.properties.get('X-room')).toEqual(octets('7'))
})

test.each([400, 500] as const)('a peer that is refused with %i is told so', status => {
  const server = new NullMechanism(own('PULL'), ASKING)
  const client = new NullMechanism(own('PUSH'))

  const tokens = shake(client, server, { is: 'reply', status })

  expect(tokens).toEqual(['C: READY', 'S: ERROR'])
  expect(server.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status } })
  expect(client.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status } })
})

test('a peer that is refused with 300 is told nothing, so that it tries again', () => {
  const server = new NullMechanism(own('PULL'), ASKING)
  const client = new NullMechanism(own('PUSH'))

  const tokens = shake(client, server, { is: 'reply', status: 300 })

  expect(tokens).toEqual(['C: READY'])
  expect(server.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status: 300 } })
  expect(client.state).toEqual({ is: 'running' })
})

test('without a handler a domain lets everyone in, unless it is enforced', () => {
  const lenient = new NullMechanism(own('PULL'), ASKING)
  const strict = new NullMechanism(own('PULL'), { ...ASKING, enforceDomain: true })

  shake(new NullMechanism(own('PUSH')), lenient, { is: 'absent' })
  shake(new NullMechanism(own('PUSH')), strict, { is: 'absent' })

  expect(lenient.state.is).toBe('done')
  expect(strict.state).toMatchObject({ is: 'failed', failure: { is: 'no-detail' } })
})

test('a handler whose reply is not ZAP refuses, with what was wrong', () => {
  const server = new NullMechanism(own('PULL'), ASKING)

  shake(new NullMechanism(own('PUSH')), server, { is: 'invalid', error: 'ZAP_BAD_VERSION' })

  expect(server.state).toMatchObject({ is: 'failed', failure: { is: 'protocol', error: 'ZAP_BAD_VERSION' } })
})

test.each([
  ['another command', encodeCommand('HELLO'), { is: 'protocol', error: 'ZMTP_UNEXPECTED_COMMAND' }],
  ['an empty body', new Uint8Array(0), { is: 'protocol', error: 'ZMTP_UNEXPECTED_COMMAND' }],
  [
    'a READY that cannot be read',
    encodeCommand('READY', octets('x')),
    { is: 'protocol', error: 'ZMTP_INVALID_METADATA' },
  ],
  [
    'an ERROR that cannot be read',
    encodeCommand('ERROR', octets('9x')),
    { is: 'protocol', error: 'ZMTP_MALFORMED_ERROR' },
  ],
  ['an ERROR with a status', encodeError('500'), { is: 'auth', status: 500 }],
  ['an ERROR in words', encodeError('go away'), { is: 'no-detail' }],
  ['an ERROR with a number that is no status', encodeError('200'), { is: 'no-detail' }],
])('%s ends the handshake', (_what, token, failure) => {
  const mechanism = new NullMechanism(own('PUSH'))

  mechanism.receive(token, 0, token.length)

  expect(mechanism.state).toMatchObject({ is: 'failed', failure })
})

test('a second READY ends the handshake', () => {
  const mechanism = new NullMechanism(own('PUSH'))
  const ready = new NullMechanism(own('PULL')).next()!

  mechanism.receive(ready, 0, ready.length)
  mechanism.receive(ready, 0, ready.length)

  expect(mechanism.state.is).toBe('failed')
})

test('a peer cannot name its own user', () => {
  const server = new NullMechanism(own('PULL'), ASKING)
  const liar = new NullMechanism({ ...own('PUSH'), metadata: new Map([['User-Id', octets('root')]]) })

  shake(liar, server)

  expect(server.state).toMatchObject({ is: 'done' })
  if (server.state.is === 'done') expect(server.state.peer.properties.has('User-Id')).toBe(false)
})

test('a routing id of more than 255 octets is refused', () => {
  const server = new NullMechanism(own('ROUTER'))

  shake(new NullMechanism(own('DEALER', 'x'.repeat(256))), server)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_INVALID_METADATA' } })
})

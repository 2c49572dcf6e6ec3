import { expect, test } from 'vitest'
import { PlainClient, PlainServer } from '../../src/mechanism/plain.ts'
import { encodeCommand, encodeError } from '../../src/wire/command.ts'
import { octets, own, shake } from './handshake.ts'

const ANN = { username: octets('ann'), password: octets('secret') }

test('a client that the handler knows gets in', () => {
  const client = new PlainClient(own('DEALER', 'me'), ANN)
  const server = new PlainServer(own('ROUTER'))

  const tokens = shake(client, server, { is: 'reply', status: 200, userId: 'ann', metadata: new Map() })

  expect(tokens).toEqual(['C: HELLO', 'S: WELCOME', 'C: INITIATE', 'S: READY'])
  expect(client.state).toMatchObject({ is: 'done', peer: { socketType: 'ROUTER' }, cipher: undefined })
  expect(server.state).toMatchObject({ is: 'done', peer: { socketType: 'DEALER', routingId: octets('me') } })
  if (server.state.is === 'done') expect(server.state.peer.properties.get('User-Id')).toEqual(octets('ann'))
})

test('the handler is asked with user name and password', () => {
  const server = new PlainServer(own('PULL'))
  const hello = new PlainClient(own('PUSH'), ANN).next()!

  server.receive(hello, 0, hello.length)

  expect(Buffer.from(hello).toString('latin1')).toBe('\x05HELLO\x03ann\x06secret')
  expect(server.state).toEqual({
    is: 'authenticating',
    request: { mechanism: 'PLAIN', credentials: [octets('ann'), octets('secret')] },
  })
})

test.each([
  ['400', { is: 'reply', status: 400 }, { is: 'auth', status: 400 }, true],
  ['500', { is: 'reply', status: 500 }, { is: 'auth', status: 500 }, true],
  ['300', { is: 'reply', status: 300 }, { is: 'auth', status: 300 }, false],
  ['no handler', { is: 'absent' }, { is: 'no-detail' }, false],
  ['a broken handler', { is: 'invalid', error: 'ZAP_MALFORMED_REPLY' }, { is: 'protocol' }, false],
] as const)('nobody gets in with %s', (_what, verdict, failure, told) => {
  const client = new PlainClient(own('PUSH'), ANN)
  const server = new PlainServer(own('PULL'))

  const tokens = shake(client, server, verdict)

  expect(server.state).toMatchObject({ is: 'failed', failure })
  expect(tokens.length === 2).toBe(told)
  expect(client.state.is).toBe(told ? 'failed' : 'running')
})

test('a refusal is said in the words that libzmq uses, and both its words and those of RFC 24 are understood', () => {
  const server = new PlainServer(own('PULL'))
  const hello = new PlainClient(own('PUSH'), ANN).next()!
  server.receive(hello, 0, hello.length)
  server.authenticated({ is: 'reply', status: 400 })

  const token = server.next()!
  expect(Buffer.from(token).toString('latin1')).toBe('\x5eRROR\x03400')
  for (const error of [token, encodeError('400')]) {
    const client = new PlainClient(own('PUSH'), ANN)
    client.next()
    client.receive(error, 0, error.length)
    expect(client.state).toMatchObject({ is: 'failed', failure: { is: 'auth', status: 400 } })
  }
})

test('two clients and two servers do not get along', () => {
  const clients = [new PlainClient(own('PAIR'), ANN), new PlainClient(own('PAIR'), ANN)] as const
  const servers = [new PlainServer(own('PAIR')), new PlainServer(own('PAIR'))] as const

  shake(...clients)
  shake(...servers)

  expect(clients.some(({ state }) => state.is === 'failed')).toBe(true)
  for (const { state } of servers) expect(state.is).toBe('running')
})

test.each([
  ['nothing', ''],
  ['no password', '\x03ann'],
  ['a user name that is cut', '\x05ann'],
  ['a password that is cut', '\x03ann\x07secret'],
  ['more than a password', '\x03ann\x06secret!'],
])('a HELLO with %s is malformed', (_what, data) => {
  const server = new PlainServer(own('PULL'))
  const hello = encodeCommand('HELLO', octets(data))

  server.receive(hello, 0, hello.length)

  expect(server.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_MALFORMED_HELLO' } })
})

test('a HELLO is not read beyond its end when more octets follow in the buffer', () => {
  const server = new PlainServer(own('PULL'))
  const buffer = encodeCommand('HELLO', octets('\x03ann\x06secret'))

  server.receive(buffer, 0, buffer.length - 1)

  expect(server.state.is).toBe('failed')
})

test('nobody gets round the handler by sending INITIATE first', () => {
  const server = new PlainServer(own('PULL'))
  const initiate = encodeCommand('INITIATE', octets('\x0bSocket-Type\0\0\0\x04PUSH'))
  const hello = new PlainClient(own('PUSH'), ANN).next()!

  server.receive(hello, 0, hello.length)
  server.receive(initiate, 0, initiate.length)

  expect(server.state.is).toBe('authenticating')
  expect(server.next()).toBeUndefined()
})

test('a WELCOME with data is malformed', () => {
  const client = new PlainClient(own('PUSH'), ANN)
  const welcome = encodeCommand('WELCOME', octets('x'))

  client.receive(welcome, 0, welcome.length)

  expect(client.state).toMatchObject({ is: 'failed', failure: { error: 'ZMTP_MALFORMED_WELCOME' } })
})

test('a credential of more than 255 octets is refused before anything is sent', () => {
  expect(() => new PlainClient(own('PUSH'), { username: new Uint8Array(256), password: octets('') })).toThrow(
    RangeError,
  )
})

import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'
import { internals } from '../../src/socket.ts'

/** A peer of ZMTP 3.0 that has said who it is (RFC 24), and waits. */
const HELLO = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]),
  Buffer.from('PLAIN'.padEnd(20, '\0')),
  Buffer.alloc(32),
  Buffer.from([4, 10]),
  Buffer.from('\x05HELLO\x01a\x01b'),
])

const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

/** A handler that never answers, and a server of PLAIN that asks it. */
async function silence(handshakeInterval: number): Promise<{ handler: zmq.Router; server: zmq.Reply; port: number }> {
  const context = new zmq.Context()
  const handler = new zmq.Router({ context, linger: 0 })
  const server = new zmq.Reply({ context, linger: 0, plainServer: true, handshakeInterval })
  sockets.push(handler, server)
  await handler.bind('inproc://zeromq.zap.01')
  await server.bind('tcp://127.0.0.1:*')
  return { handler, server, port: Number(server.lastEndpoint?.split(':').pop()) }
}

test('who a handler never answers for is forgotten with the handshake', async () => {
  const { handler, server, port } = await silence(50)
  const failed = new Promise(resolve => server.events.on('handshake:error:other', resolve))
  const peer = connect(port, '127.0.0.1').on('error', () => {})
  peer.write(HELLO)
  await handler.receive()
  expect(internals(handler).pipes.size).toBe(1)

  await failed
  await new Promise(resolve => setImmediate(resolve))

  expect(internals(handler).pipes.size).toBe(0)
  peer.destroy()
})

test('a question that is not answered keeps no process alive once its server is closed', async () => {
  const { handler, server, port } = await silence(0)
  const peer = connect(port, '127.0.0.1').on('error', () => {})
  peer.write(HELLO)
  await handler.receive()

  server.close()
  await new Promise(resolve => setImmediate(resolve))

  expect(internals(handler).pipes.size).toBe(0)
  peer.destroy()
})

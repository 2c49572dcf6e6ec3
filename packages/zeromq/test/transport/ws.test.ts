import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import * as zmq from '../../src/index.ts'
import type { Observer } from '../../src/observer.ts'
import { encodeCommand } from '../../src/wire/command.ts'
import { encodeMetadata } from '../../src/wire/metadata.ts'
import { selfSigned } from './certificate.ts'

// Our ZWS against the npm package `ws`, an implementation of RFC 6455 that has nothing to do with ours; the few octets of RFC 45
// are spelled out here.

const open: { close(): void }[] = []

afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

function kept<T extends { close(): void }>(one: T): T {
  open.push(one)
  return one
}

describe('a server of ours', () => {
  test('talks to a client by ws', async () => {
    const rep = kept(new zmq.Reply())
    await rep.bind('ws://127.0.0.1:*')
    const { client, messages } = await upgraded(rep.lastEndpoint!, 'ZWS2.0/NULL, ZWS2.0')

    client.send(ready('REQ'))
    client.send(Buffer.of(1))
    client.send(Buffer.from('\0question'))
    const [question] = await rep.receive()
    await rep.send('answer')

    expect(question!.toString()).toBe('question')
    expect((await messages()).subarray(0, 7).toString('latin1')).toBe('\x02\x05READY')
    expect((await messages()).toString('latin1')).toBe('\x01')
    expect((await messages()).toString('latin1')).toBe('\0answer')
  })

  test('talks to a client that knows no mechanism: routing ids first', async () => {
    const router = kept(new zmq.Router({ routingId: 'server' }))
    await router.bind('ws://127.0.0.1:*')
    const client = kept(new WebSocket(router.lastEndpoint!, 'ZWS2.0'))
    const messages = inbox(client)
    await once(client, 'open')

    client.send(Buffer.from('\0me'))
    client.send(Buffer.from('\0hello'))
    const [from, body] = await router.receive()
    await router.send([from!, 'welcome'])

    expect([from!.toString(), body!.toString()]).toEqual(['me', 'hello'])
    expect((await messages()).toString()).toBe('\0server')
    expect((await messages()).toString()).toBe('\0welcome')
  })

  test('takes a message in fragments, and of any size', async () => {
    const pull = kept(new zmq.Pull())
    await pull.bind('ws://127.0.0.1:*')
    const { client } = await upgraded(pull.lastEndpoint!, 'ZWS2.0/NULL')
    client.send(ready('PUSH'))

    const pong = once(client, 'pong') as Promise<[Buffer]>
    client.send(Buffer.of(1, 65), { fin: false })
    client.ping('between')
    client.send(Buffer.alloc(70_000, 66), { fin: false })
    client.send(Buffer.alloc(0), { fin: true })
    for (const size of [0, 124, 125, 65_534, 65_535, 200_000])
      client.send(Buffer.concat([Buffer.of(1), Buffer.alloc(size, 67)]))
    client.send(Buffer.of(0))
    const message = await pull.receive()

    expect((await pong)[0].toString()).toBe('between')
    expect(message.map(frame => frame.length)).toEqual([70_001, 0, 124, 125, 65_534, 65_535, 200_000, 0])
    expect(message[0]!.equals(Buffer.concat([Buffer.of(65), Buffer.alloc(70_000, 66)]))).toBe(true)
  })

  test.each([
    ['no protocol that it knows', 'chat', '/here', 400],
    ['a mechanism that it does not want', 'ZWS2.0/CURVE', '/here', 400],
    ['another path', 'ZWS2.0/NULL', '/elsewhere', 404],
  ])('refuses a client with %s', async (_what, protocols, path, status) => {
    const pull = kept(new zmq.Pull())
    await pull.bind('ws://127.0.0.1:*/here')

    const response = await upgraded(pull.lastEndpoint!.replace('/here', path), protocols).catch((error: Error) => error)

    expect(response).toMatchObject({ message: String(status) })
  })

  test('closes on what is not WebSocket, and goes on serving others', async () => {
    const pull = kept(new zmq.Pull())
    await pull.bind('ws://127.0.0.1:*')
    const port = Number(new URL(pull.lastEndpoint!).port)
    for (const nonsense of [
      'GET / HTTP/1.1\r\n\r\n',
      'x'.repeat(20_000),
      '\r\n\r\n',
      '\xff\0\0\0\0\0\0\0\x01\x7f\r\n\r\n',
    ]) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume()
      socket.write(nonsense)
      await once(socket, 'close')
    }

    const push = kept(new zmq.Push())
    push.connect(pull.lastEndpoint!)
    await push.send('still here')

    expect((await pull.receive()).toString()).toBe('still here')
  })

  test('gives a client that does not finish its request no longer than a handshake may take', async () => {
    const pull = kept(new zmq.Pull({ handshakeInterval: 50 }))
    await pull.bind('ws://127.0.0.1:*')
    const socket = connect(Number(new URL(pull.lastEndpoint!).port), '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\n')

    await once(socket.resume(), 'close')

    expect(socket.destroyed).toBe(true)
  })

  test.each([
    ['text', (client: WebSocket) => client.send('text')],
    ['unknown flags', (client: WebSocket) => client.send(Buffer.of(9, 1))],
    ['a message without flags', (client: WebSocket) => client.send(Buffer.alloc(0))],
    ['a frame that is too large', (client: WebSocket) => client.send(Buffer.alloc(1002))],
  ])('closes the connection of a client that sends %s', async (_what, misbehave) => {
    const pull = kept(new zmq.Pull({ maxMessageSize: 1000 }))
    await pull.bind('ws://127.0.0.1:*')
    const { client } = await upgraded(pull.lastEndpoint!, 'ZWS2.0/NULL')
    client.send(ready('PUSH'))
    misbehave(client)

    const [code] = (await once(client, 'close')) as [number]

    // 1006: without a CLOSE, as a connection that is broken off.
    expect(code).toBe(1006)
  })

  test('answers CLOSE with CLOSE, and ends the connection in order', async () => {
    const pull = kept(new zmq.Pull())
    await pull.bind('ws://127.0.0.1:*')
    const socket = connect(Number(new URL(pull.lastEndpoint!).port), '127.0.0.1')
    const came: Buffer[] = []
    socket.on('data', (chunk: Buffer) => came.push(chunk))
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ZWS2.0/NULL\r\n\r\n',
    )
    await once(socket, 'data')
    socket.write(Buffer.of(0x88, 0x82, 1, 2, 3, 4, 3 ^ 1, 232 ^ 2))

    const [failed] = (await once(socket, 'close')) as [boolean]

    expect(failed).toBe(false)
    expect(Buffer.concat(came).subarray(-4).toString('hex')).toBe('880203e8')
  })
})

describe('a client of ours', () => {
  test('talks to a server by ws', async () => {
    const { accepted, port } = await listening()
    const req = kept(new zmq.Request())
    req.connect(`ws://127.0.0.1:${port}/path?and=query`)
    const { socket, messages, path, offered } = await accepted()

    socket.send(ready('REP'))
    await req.send('question')

    expect(path).toBe('/path?and=query')
    expect(offered).toBe('ZWS2.0/NULL,ZWS2.0')
    expect((await messages()).subarray(0, 7).toString('latin1')).toBe('\x02\x05READY')
    expect((await messages()).toString('latin1')).toBe('\x01')
    expect((await messages()).toString('latin1')).toBe('\0question')
    socket.send(Buffer.of(1))
    socket.send(Buffer.from('\0answer'))
    expect((await req.receive()).toString()).toBe('answer')
  })

  test('subscribes by message, since a server without CURVE knows no command for it', async () => {
    const { accepted, port } = await listening()
    const sub = kept(new zmq.Subscriber())
    sub.subscribe('topic')
    sub.connect(`ws://127.0.0.1:${port}`)
    const { socket, messages } = await accepted()

    socket.send(ready('PUB'))

    expect((await messages()).subarray(0, 7).toString('latin1')).toBe('\x02\x05READY')
    expect((await messages()).toString('latin1')).toBe('\0\x01topic')
    socket.send(Buffer.from('\0topic!'))
    expect((await sub.receive()).toString()).toBe('topic!')
  })

  test('asks for a sign of life by PING, and takes PONG for one', async () => {
    const { accepted, port } = await listening()
    const push = kept(new zmq.Push({ heartbeatInterval: 30, heartbeatTimeout: 1000 }))
    push.connect(`ws://127.0.0.1:${port}`)
    const { socket } = await accepted()
    socket.send(ready('PULL'))

    await once(socket, 'ping')
    await once(socket, 'ping')
    await once(socket, 'ping')

    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('says that it closes', async () => {
    const { accepted, port } = await listening()
    const push = new zmq.Push()
    push.connect(`ws://127.0.0.1:${port}`)
    const { socket } = await accepted()
    socket.send(ready('PULL'))
    await push.send('last')
    push.close()

    const [code] = (await once(socket, 'close')) as [number]

    expect(code).toBe(1000)
  })

  test('comes back when the connection is broken off', async () => {
    const { accepted, port } = await listening()
    const push = kept(new zmq.Push({ reconnectInterval: 10 }))
    push.connect(`ws://127.0.0.1:${port}`)
    const first = await accepted()
    first.socket.terminate()

    const second = await accepted()

    expect(second.offered).toBe('ZWS2.0/NULL,ZWS2.0')
  })
})

describe('wss', () => {
  const { certificate, key } = selfSigned('zeromq.test')

  test('carries messages to a server whose certificate is trusted', async () => {
    const pull = kept(new zmq.Pull())
    const push = kept(new zmq.Push())
    setOptions(pull, { [CERTIFICATE]: certificate, [KEY]: key })
    setOptions(push, { [TRUST]: certificate, [HOST]: 'zeromq.test' })
    await pull.bind('wss://127.0.0.1:*/secure')
    push.connect(pull.lastEndpoint!)

    await push.send(['secret', Buffer.alloc(300_000, 7)])
    const [name, body] = await pull.receive()

    expect(pull.lastEndpoint).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/secure$/)
    expect(name!.toString()).toBe('secret')
    expect(body!.equals(Buffer.alloc(300_000, 7))).toBe(true)
  })

  test.each([
    ['nobody is trusted', {}],
    ['somebody else is trusted', { [TRUST]: selfSigned('zeromq.test').certificate, [HOST]: 'zeromq.test' }],
    ['the certificate is for another host', { [TRUST]: certificate, [HOST]: 'other.test' }],
    ['the certificate is not for the host of the endpoint', { [TRUST]: certificate }],
  ])('does not connect where %s', async (_what, options) => {
    const pull = kept(new zmq.Pull({ receiveTimeout: 0 }))
    setOptions(pull, { [CERTIFICATE]: certificate, [KEY]: key })
    await pull.bind('wss://127.0.0.1:*')
    const push = kept(new zmq.Push({ linger: 0 }))
    setOptions(push, options)
    const events = push.events
    push.connect(pull.lastEndpoint!)

    await nextOf(events, 'connect:retry')

    await expect(pull.receive()).rejects.toMatchObject({ code: 'EAGAIN' })
  })

  test('does not bind without a certificate', async () => {
    await expect(kept(new zmq.Pull()).bind('wss://127.0.0.1:*')).rejects.toMatchObject({ code: 'EINVAL' })
  })
})

test('with reads by event alone everything arrives too', async () => {
  const pull = kept(new zmq.Pull())
  const push = kept(new zmq.Push())
  for (const socket of [pull, push]) setOptions(socket, { [READS]: 'data' })
  await pull.bind('ws://127.0.0.1:*')
  push.connect(pull.lastEndpoint!)
  const sizes = [0, 1, 126, 65_535, 65_536, 1_000_000]

  for (const size of sizes) await push.send([Buffer.alloc(size, 9), 'end'])

  for (const size of sizes) {
    const [body] = await pull.receive()
    expect(body!.equals(Buffer.alloc(size, 9))).toBe(true)
  }
})

test.each(['ws://127.0.0.1', 'ws://*:80', 'ws://127.0.0.1:80/with space', 'ws://127.0.0.1:x/'])(
  '%s cannot be connected to',
  endpoint => {
    expect(() => kept(new zmq.Push()).connect(endpoint)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  },
)

// libzmq's options that the zeromq package has no properties for, and one of our own.
const [KEY, CERTIFICATE, TRUST, HOST, READS] = [103, 104, 105, 106, 10008]

function setOptions(socket: zmq.Socket, options: Readonly<Record<number, string>>): void {
  const raw = socket as unknown as { setStringOption(option: number, value: string): void }
  for (const [option, value] of Object.entries(options)) raw.setStringOption(Number(option), value)
}

async function nextOf(events: Observer, type: string): Promise<void> {
  for await (const event of events) if (event.type === type) return
}

/** READY of NULL as a message of RFC 45. */
function ready(type: string): Buffer {
  return Buffer.concat([Buffer.of(2), encodeCommand('READY', encodeMetadata([['Socket-Type', Buffer.from(type)]]))])
}

/**
 * A client by ws. The names of RFC 45's protocols have a slash, which is against RFC 6455, so that ws would not offer them: the
 * upgrade is made by hand. Rejects with the status where it is refused.
 */
async function upgraded(
  endpoint: string,
  protocols: string,
): Promise<{ client: WebSocket; messages: () => Promise<Buffer> }> {
  const { hostname, port, pathname } = new URL(endpoint)
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': protocols,
  }
  const asking = request({ host: hostname, port, path: pathname, headers }).end()
  const client = new WebSocket(null, undefined, {})
  const messages = inbox(client)
  await new Promise<void>((resolve, reject) => {
    asking.on('error', reject)
    asking.on('response', response => {
      response.resume()
      reject(new Error(String(response.statusCode)))
    })
    asking.on('upgrade', (response, socket, head) => {
      expect(response.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
      expect(response.headers['sec-websocket-protocol']).toBe(protocols.split(',')[0])
      client._isServer = false
      client.setSocket(socket, head, { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false })
      resolve()
    })
  })
  kept({ close: () => client.terminate() })
  return { client, messages }
}

/** What comes, one message at a time, none lost. */
function inbox(socket: WebSocket): () => Promise<Buffer> {
  const came: Buffer[] = []
  let wake: (() => void) | undefined
  socket.on('message', (data: Buffer) => {
    came.push(data)
    wake?.()
  })
  return async () => {
    while (came.length === 0) await new Promise<void>(resolve => (wake = resolve))
    return came.shift()! // there is one
  }
}

async function listening(): Promise<{ port: number; accepted: () => Promise<Accepted> }> {
  const server = createServer()
  const webSockets = new WebSocketServer({ noServer: true })
  const accepted: Accepted[] = []
  let wake: (() => void) | undefined
  webSockets.on('headers', (headers: string[]) => headers.push('Sec-WebSocket-Protocol: ZWS2.0/NULL'))
  server.on('upgrade', (asked, socket, head) => {
    // As for a client: ws does not take these names.
    const offered = asked.headers['sec-websocket-protocol']
    delete asked.headers['sec-websocket-protocol']
    webSockets.handleUpgrade(asked, socket, head, one => {
      kept({ close: () => one.terminate() })
      accepted.push({ socket: one, messages: inbox(one), path: asked.url, offered })
      wake?.()
    })
  })
  server.listen(0, '127.0.0.1')
  kept({ close: () => void server.close() })
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async accepted() {
      while (accepted.length === 0) await new Promise<void>(resolve => (wake = resolve))
      return accepted.shift()! // there is one
    },
  }
}

interface Accepted {
  readonly socket: WebSocket
  readonly messages: () => Promise<Buffer>
  readonly path: string | undefined
  readonly offered: string | undefined
}

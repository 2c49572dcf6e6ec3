import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { start } from '../src/index.ts'
import type { SecureAccess, ServerName } from '../src/index.ts'

/** Logs in over TLS and gives the part of the answer that tells, or 'closed'. */
type Talk = (secure: SecureAccess, ports: Readonly<Record<string, number>>, password: string) => Promise<string>

const talks: Record<ServerName, { talk: Talk; welcome: string; refusal: string }> = {
  kafka: {
    // SaslHandshake (17) version 1, then SaslAuthenticate (36) version 0 with PLAIN: the error code stands after size and correlation id
    talk: async (secure, ports, password) => {
      const socket = await overTls(secure, ports['secure'])
      await asked(socket, frame(17, 1, Buffer.from('\0\x05PLAIN')))
      const token = Buffer.from(`\0${secure.user}\0${password}`)
      const size = Buffer.alloc(4)
      size.writeInt32BE(token.length)
      return await asked(socket, frame(36, 0, Buffer.concat([size, token])), 8, 10)
    },
    welcome: '0000',
    refusal: '003a', // SASL_AUTHENTICATION_FAILED
  },
  rabbitmq: {
    // method 10.11 (start-ok) answers 10.10 (start); then comes 10.30 (tune), or the end
    talk: async (secure, ports, password) => {
      const socket = await overTls(secure, ports['secure'])
      await asked(socket, Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
      const response = Buffer.from(`\0${secure.user}\0${password}`)
      const fields = [
        Buffer.from('000a000b00000000', 'hex'),
        Buffer.from('\x05PLAIN\0\0\0'),
        Buffer.from([response.length]),
        response,
      ]
      const payload = Buffer.concat([...fields, Buffer.from('\x05en_US')])
      const head = Buffer.from([1, 0, 0, 0, 0, 0, payload.length])
      return await asked(socket, Buffer.concat([head, payload, Buffer.from([0xce])]), 7, 11)
    },
    welcome: '000a001e',
    refusal: 'closed',
  },
  mosquitto: {
    talk: async (secure, ports, password) => {
      const socket = await overTls(secure, ports['secure'])
      const text = (value: string) => Buffer.from([0, value.length, ...Buffer.from(value)])
      const body = Buffer.concat([
        text('MQTT'),
        Buffer.from([4, 0xc2, 0, 0]),
        text(''),
        text(secure.user),
        text(password),
      ])
      return await asked(socket, Buffer.concat([Buffer.from([0x10, body.length]), body]))
    },
    welcome: '20020000',
    refusal: '20020005',
  },
  nats: {
    talk: async (secure, ports, password) => {
      const plain = connectPlain(ports['client']!, '127.0.0.1') // every server has that port
      await once(plain, 'data') // INFO
      const socket = connect({ socket: plain, ca: secure.ca, host: '127.0.0.1' })
      await once(socket, 'secureConnect')
      const options = { verbose: true, tls_required: true, user: secure.user, pass: password }
      const answer = await asked(socket, Buffer.from(`CONNECT ${JSON.stringify(options)}\r\n`))
      return Buffer.from(answer, 'hex').toString().trim()
    },
    welcome: '+OK',
    refusal: "-ERR 'Authorization Violation'",
  },
}

test.each(Object.entries(talks))(
  '%s speaks TLS to the user with the password, and refuses another',
  async (name, { talk, ...answers }) => {
    await using server = await start(name as ServerName, { fresh: true, secure: true })
    const secure = server.secure! // asked for

    const [welcome, refusal] = [
      await talk(secure, server.ports, secure.password),
      await talk(secure, server.ports, 'x'),
    ]

    expect({ welcome, refusal }).toEqual(answers)
    expect(secure.url).toMatch(/^(kafka\+ssl|amqps|mqtts|nats):\/\/guest:guest@127\.0\.0\.1:\d+$/)
  },
  60_000,
)

test('mosquitto speaks WebSocket, with and without TLS', async () => {
  await using server = await start('mosquitto', { fresh: true, secure: true })
  const upgrade = Buffer.from(
    'GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n',
  )

  const plain = connectPlain(server.ports['websocket']!, '127.0.0.1') // Mosquitto has that port
  const answers = [
    await asked(plain, upgrade, 0, 12),
    await asked(await overTls(server.secure!, server.ports['secureWebsocket']), upgrade, 0, 12), // asked for
  ]

  const switching = Buffer.from('HTTP/1.1 101').toString('hex')
  expect(answers).toEqual([switching, switching])
})

async function overTls(secure: SecureAccess, port: number | undefined): Promise<TLSSocket> {
  const socket = connect({ port: port!, host: '127.0.0.1', ca: secure.ca })
  await once(socket, 'secureConnect')
  return socket
}

async function asked(socket: Socket, bytes: Buffer, from = 0, to?: number): Promise<string> {
  const answer = new Promise<string>(resolve => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString('hex', from, to)))
    socket.once('error', () => resolve('closed'))
    socket.once('close', () => resolve('closed'))
  })
  socket.write(bytes)
  return await answer
}

function frame(api: number, version: number, body: Buffer): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0, api, 0, version, 0, 0, 0, 1, 0, 0])
  head.writeInt32BE(head.length - 4 + body.length)
  return Buffer.concat([head, body])
}

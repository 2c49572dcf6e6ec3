import { createRequire } from 'node:module'
import { afterEach, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

// jszmq, ZeroMQ for browsers: the second implementation of ZWS 2.0 (RFC 45), without mechanisms.
//
// It comes as the client alone. As a server it answers an offer of several protocols with the first of them, ZWS2.0/NULL,
// and then speaks the other, without READY: nobody who offers both, libzmq neither, can talk to it.

interface Jszmq {
  socket(type: string): JsSocket
}
interface JsSocket {
  connect(endpoint: string): void
  send(message: string | string[]): void
  subscribe(topic: string): void
  once(event: 'message', listener: (...frames: Buffer[]) => void): void
  close(): void
}

const jszmq = load()
const open: { close(): void }[] = []

afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

/** In a browser it takes the platform's WebSocket; here the platform has one, too, and jszmq is given that. */
function load(): Jszmq {
  const require = createRequire(createRequire(import.meta.url).resolve('jszmq'))
  const socket = require.resolve('isomorphic-ws')
  require(socket)
  require.cache[socket]!.exports = WebSocket // it has just been loaded
  return require('jszmq') as Jszmq
}

async function bound<S extends zmq.Socket>(socket: S): Promise<[S, string]> {
  open.push(socket)
  await socket.bind('ws://127.0.0.1:*')
  return [socket, socket.lastEndpoint!]
}

function client(type: string, endpoint: string): JsSocket {
  const socket = jszmq.socket(type)
  open.push(socket)
  socket.connect(endpoint)
  return socket
}

const message = (socket: JsSocket): Promise<string[]> =>
  new Promise(resolve => socket.once('message', (...frames) => resolve(frames.map(String))))

test('its DEALER talks to our ROUTER, in frames of any number', async () => {
  const [router, endpoint] = await bound(new zmq.Router())
  const dealer = client('dealer', endpoint)
  const answer = message(dealer)

  dealer.send(['one', '', 'three'])
  const [id, ...frames] = await router.receive()
  await router.send([id!, 'back', 'again'])

  expect(frames.map(String)).toEqual(['one', '', 'three'])
  expect(await answer).toEqual(['back', 'again'])
})

test('its REQ is answered by our REP', async () => {
  const [reply, endpoint] = await bound(new zmq.Reply())
  const request = client('req', endpoint)

  for (const question of ['first', 'second']) {
    const answer = message(request)
    request.send(question)
    expect(String(await reply.receive())).toBe(question)
    await reply.send(`${question} to you`)
    expect(await answer).toEqual([`${question} to you`])
  }
})

test('its SUB gets of our PUB what it subscribed to', async () => {
  const [publisher, endpoint] = await bound(new zmq.XPublisher())
  const subscriber = client('sub', endpoint)
  subscriber.subscribe('A')
  const got = message(subscriber)
  expect(String(await publisher.receive())).toBe('\u0001A')

  await publisher.send(['B', 'not this'])
  await publisher.send(['A', 'this'])

  expect(await got).toEqual(['A', 'this'])
})

test('its PUSH fills our PULL, a hundred kilobytes at a time', async () => {
  const [pull, endpoint] = await bound(new zmq.Pull())
  const push = client('push', endpoint)
  const body = 'x'.repeat(100_000)

  for (let i = 0; i < 20; i++) push.send([String(i), body])

  for (let i = 0; i < 20; i++) expect((await pull.receive()).map(String)).toEqual([String(i), body])
})

test('its PULL is filled by our PUSH', async () => {
  const [push, endpoint] = await bound(new zmq.Push())
  const got = message(client('pull', endpoint))

  await push.send(['from', 'ours'])

  expect(await got).toEqual(['from', 'ours'])
})

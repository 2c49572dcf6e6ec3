import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

const SIZE = 600_000

// A peer that shakes hands, takes a little and is gone; then one that takes all, at the same address.
test.each([
  ['PUSH', () => new zmq.Push({ reconnectInterval: 10 })],
  ['DEALER', () => new zmq.Dealer({ reconnectInterval: 10 })],
])('what a %s sends after a connection broke amid a message begins with a whole one', async (_, make) => {
  const greeting = Buffer.alloc(64)
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0])
  greeting.write('NULL', 12)
  const ready = Buffer.from('\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06ROUTER', 'latin1')
  if (_ === 'PUSH') ready.set(Buffer.from('\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL', 'latin1'))
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`
  const socket = make()
  socket.connect(endpoint)
  const [rude] = (await once(server, 'connection')) as [Socket]
  rude.on('error', () => {})
  rude.write(Buffer.concat([greeting, _ === 'PUSH' ? ready.subarray(0, 28) : ready]))
  const sending = (async () => {
    for (let i = 0; i < 30; i++)
      await socket.send([`begin ${i}`, Buffer.alloc(SIZE), 'middle', Buffer.alloc(SIZE), `end ${i}`])
  })()
  let taken = 0
  while (taken < 1.5 * SIZE) taken += ((await once(rude, 'data')) as [Buffer])[0].length
  rude.pause()
  const gone = once(socket.events as never, 'disconnect').catch(() => {})
  server.close()
  rude.resetAndDestroy()
  await gone

  const pull = _ === 'PUSH' ? new zmq.Pull() : new zmq.Dealer()
  await pull.bind(endpoint)
  let last = ''
  while (last !== 'end 29') {
    const message = (await pull.receive()).map(frame => (frame.length < 100 ? String(frame) : frame.length))
    const number = String(message[0]).slice('begin '.length)
    expect(message).toEqual([`begin ${number}`, SIZE, 'middle', SIZE, `end ${number}`])
    last = String(message[4])
  }
  await sending
  socket.close()
  pull.close()
})

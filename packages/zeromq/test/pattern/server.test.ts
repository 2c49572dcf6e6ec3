import { expect, test } from 'vitest'
import { ServerPattern } from '../../src/pattern/server.ts'
import { FakeHost, FakePeer, received } from './fake.ts'

test('a message carries the id of its peer, and the id routes the answer', () => {
  const server = new ServerPattern('SERVER', new FakeHost())
  const one = new FakePeer().join(server)
  const two = new FakePeer().join(server).says('hello')

  const [frame, properties] = server.receive() as unknown as [Buffer, { routingId: number }]
  expect(String(frame)).toBe('hello')
  expect(server.send('answer', properties.routingId)).toBe('accept')

  expect([one.got, two.got]).toEqual([[], ['answer']])
})

test('unknown ids are refused, full peers waited for, multipart messages refused and dropped', () => {
  const server = new ServerPattern('SERVER', new FakeHost())
  const peer = new FakePeer().join(server).says('a', 'b')
  const id = Buffer.from(server.ids.of(peer)!).readUInt32BE()

  expect(received(server)).toBe(undefined)
  expect(server.send(['a', 'b'], id)).toBe('EINVAL')
  expect(server.send('a', id + 1)).toBe('EHOSTUNREACH')
  expect(server.send('a')).toBe('EHOSTUNREACH')
  peer.room = 0
  expect(server.send('a', id)).toBe('full')
  peer.leave()
  expect(server.send('a', id)).toBe('EHOSTUNREACH')
})

test('what a peer said before it went carries its id still', () => {
  const server = new ServerPattern('PEER', new FakeHost({ disconnectMessage: Buffer.from('gone') }))
  const peer = new FakePeer().join(server).says('x')
  const routingId = Buffer.from(server.ids.of(peer)!).readUInt32BE()
  peer.leave()

  expect(received(server)).toBe(`x|{"routingId":${routingId}}`)
  expect(received(server)).toBe(`gone|{"routingId":${routingId}}`)
})

import { expect, test } from 'vitest'
import { PushPattern } from '../../src/pattern/push.ts'
import { FakeHost, FakePeer } from './fake.ts'

test('messages go to the peers in turn', () => {
  const push = new PushPattern('PUSH', new FakeHost())
  const peers = [new FakePeer().join(push), new FakePeer().join(push)]

  for (const text of ['1', '2', '3']) expect(push.send(text)).toBe('accept')

  expect(peers.map(peer => peer.got)).toEqual([['1', '3'], ['2']])
})

test('a full peer is skipped and has its turn again when it has room', () => {
  const push = new PushPattern('PUSH', new FakeHost())
  const full = new FakePeer().join(push)
  const roomy = new FakePeer().join(push)
  full.room = 0

  push.send('1')
  push.send('2')
  full.drain()
  push.send('3')
  push.send('4')

  expect(roomy.got).toEqual(['1', '2', '3'])
  expect(full.got).toEqual(['4'])
})

test('a pusher without peers, or with full ones, cannot send', () => {
  const push = new PushPattern('PUSH', new FakeHost())
  expect(push.canSend).toBe(false)
  expect(push.send('1')).toBe('full')

  const peer = new FakePeer().join(push)
  peer.room = 0
  expect(push.canSend).toBe(false)
  expect(push.send('1')).toBe('full')

  peer.drain(1)
  expect(push.canSend).toBe(true)
  expect(push.send('1')).toBe('accept')
})

test('many messages go to a peer that is alone, and in turns where there are several', () => {
  const push = new PushPattern('PUSH', new FakeHost())
  const many = ['1', '2', '3'].map(text => Buffer.from(text))
  expect(push.sendMany(many, 0)).toBe(0)

  const alone = new FakePeer().join(push)
  expect(push.sendMany(many, 1)).toBe(2)
  expect(alone.got).toEqual(['2', '3'])
  const other = new FakePeer().join(push)
  expect(push.sendMany(many, 0)).toBe(0)
  expect(other.got).toEqual([])
})

test('a peer that goes leaves the others their turns', () => {
  const push = new PushPattern('PUSH', new FakeHost())
  const [one, two, three] = [new FakePeer().join(push), new FakePeer().join(push), new FakePeer().join(push)]

  push.send('1')
  one.leave()
  push.send('2')
  push.send('3')
  push.send('4')

  expect(two.got.length + three.got.length).toBe(3)
  expect(Math.abs(two.got.length - three.got.length)).toBe(1)
})

test('what a puller says is thrown away', () => {
  const push = new PushPattern('PUSH', new FakeHost())
  const peer = new FakePeer().join(push).says('nonsense')

  expect(peer.readable).toBe(false)
  expect(push.receive()).toBe(undefined)
})

test('a scatterer takes single frames alone', () => {
  const scatter = new PushPattern('SCATTER', new FakeHost())
  const peer = new FakePeer().join(scatter)

  expect(scatter.send(['a', 'b'])).toBe('EINVAL')
  expect(scatter.send(['a'])).toBe('accept')
  expect(peer.got).toEqual(['a'])
})

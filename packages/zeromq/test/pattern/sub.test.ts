import { expect, test } from 'vitest'
import { SubPattern } from '../../src/pattern/sub.ts'
import { all, FakeHost, FakePeer, received } from './fake.ts'

const topic = (text: string): Buffer => Buffer.from(text)

test('every subscription is sent, a cancellation when the last of equal ones goes', () => {
  const sub = new SubPattern(new FakeHost())
  const peer = new FakePeer().join(sub)

  sub.topics.add(topic('a'))
  sub.topics.add(topic('a'))
  sub.topics.remove(topic('a'))
  sub.topics.remove(topic('unknown'))
  expect(sub.topics.count).toBe(1)
  sub.topics.remove(topic('a'))

  expect(peer.requests).toEqual(['subscribe a', 'subscribe a', 'cancel a'])
})

test('each new connection is told all subscriptions, each once', () => {
  const sub = new SubPattern(new FakeHost())
  for (const text of ['a', 'a', 'b', '']) sub.topics.add(topic(text))
  const peer = new FakePeer({ side: 'connect' }).join(sub, { linked: false })
  expect(peer.requests).toEqual([])

  peer.link()
  const told = peer.requests.splice(0).toSorted()
  peer.unlink().link()

  expect(told).toEqual(['subscribe ', 'subscribe a', 'subscribe b'])
  expect(peer.requests.toSorted()).toEqual(told)
})

test('what no subscription matches is dropped here too', () => {
  const sub = new SubPattern(new FakeHost())
  sub.topics.add(topic('a'))
  new FakePeer().join(sub).says('b1').says('a1', 'x').says('b2')

  expect(all(sub)).toEqual(['a1|x'])
  expect(sub.canReceive).toBe(false)
})

test('many messages at once are filtered, and several publishers are read in turn', () => {
  const sub = new SubPattern(new FakeHost())
  sub.topics.add(topic('a'))
  new FakePeer().join(sub).says('a1').says('b').says('a2').says('a3')
  const other = new FakePeer().join(sub).says('a4')
  const into: Buffer[][] = []

  sub.receiveMany(into, 3)
  other.says('a5')
  sub.receiveMany(into, 9)

  expect(into.map(String)).toEqual(['a1', 'a4', 'a2', 'a3', 'a5'])
})

test('inverted, what a subscription matches is dropped', () => {
  const sub = new SubPattern(new FakeHost({ invertMatching: true }))
  sub.topics.add(topic('a'))
  new FakePeer().join(sub).says('b1').says('a1')

  expect(all(sub)).toEqual(['b1'])
})

test('publishers are read in turn, also when one sends only what is not wanted', () => {
  const sub = new SubPattern(new FakeHost())
  sub.topics.add(topic('a'))
  new FakePeer().join(sub).says('b').says('b').says('a1')
  new FakePeer().join(sub).says('a2').says('a3')

  expect(all(sub).toSorted()).toEqual(['a1', 'a2', 'a3'])
})

test('a subscription that is withdrawn while a message waits keeps it out', () => {
  const sub = new SubPattern(new FakeHost())
  sub.topics.add(topic('a'))
  new FakePeer().join(sub).says('a1')
  expect(sub.canReceive).toBe(true)

  sub.topics.remove(topic('a'))

  expect(received(sub)).toBe(undefined)
})

test('what is subscribed twice while a peer connects is told twice when it is there, and once when it comes back', () => {
  const sub = new SubPattern(new FakeHost())
  sub.topics.add(topic('before'))
  sub.topics.add(topic('before'))
  const peer = new FakePeer({ side: 'connect' }).join(sub, { linked: false })
  for (const text of ['a', 'a', 'gone', 'gone']) sub.topics.add(topic(text))
  sub.topics.remove(topic('gone'))
  sub.topics.remove(topic('gone'))

  peer.link()
  expect(peer.requests.splice(0).toSorted()).toEqual(['subscribe a', 'subscribe a', 'subscribe before'])
  peer.unlink().link()

  expect(peer.requests.toSorted()).toEqual(['subscribe a', 'subscribe before'])
})

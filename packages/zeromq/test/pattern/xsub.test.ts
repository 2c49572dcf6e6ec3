import { expect, test } from 'vitest'
import { XsubPattern } from '../../src/pattern/xsub.ts'
import { all, FakeHost, FakePeer } from './fake.ts'

test('subscriptions are sent as messages, cancellations go out with the last', () => {
  const xsub = new XsubPattern(new FakeHost())
  const peer = new FakePeer().join(xsub)

  for (const text of ['\x01a', '\x01a', '\x00a', '\x00a', '\x00a']) expect(xsub.send(text)).toBe('accept')

  expect(peer.requests).toEqual(['subscribe a', 'subscribe a', 'cancel a'])
  expect(peer.got).toEqual([])
})

test('every cancellation goes out when XSUB_VERBOSE_UNSUBSCRIBE asks for it', () => {
  const xsub = new XsubPattern(new FakeHost({ verboseUnsubscribe: true }))
  const peer = new FakePeer().join(xsub)

  for (const text of ['\x01a', '\x01a', '\x00a', '\x00a']) xsub.send(Buffer.from(text))

  expect(peer.requests).toEqual(['subscribe a', 'subscribe a', 'cancel a', 'cancel a'])
})

test('other messages go to all publishers', () => {
  const xsub = new XsubPattern(new FakeHost())
  const peers = [new FakePeer().join(xsub), new FakePeer().join(xsub)]

  expect(xsub.send(['hello', 'world'])).toBe('accept')
  expect(xsub.send('')).toBe('accept')

  for (const peer of peers) expect(peer.got).toEqual(['hello|world', ''])
})

test('frames of a message that ask for a topic are taken out, under ONLY_FIRST_SUBSCRIBE only the first ones', () => {
  const every = new XsubPattern(new FakeHost())
  const first = new XsubPattern(new FakeHost({ onlyFirstSubscribe: true }))
  const peers = [new FakePeer().join(every), new FakePeer().join(first)]

  every.send(['user', '\x01a'])
  first.send(['user', '\x01a'])

  expect(peers.map(peer => peer.got)).toEqual([['user'], ['user|\x01a']])
  expect(peers.map(peer => peer.requests)).toEqual([['subscribe a'], []])
})

test('a new connection is told what was subscribed before, and everything it sends is read', () => {
  const xsub = new XsubPattern(new FakeHost())
  xsub.send('\x01a')
  const peer = new FakePeer().join(xsub).says('b').says('a')

  expect(peer.requests).toEqual(['subscribe a'])
  expect(all(xsub)).toEqual(['b', 'a'])
  expect(xsub.topics.count).toBe(1)
})

test('what is asked for and what is said before a connection is there keep their order', () => {
  const xsub = new XsubPattern(new FakeHost())
  xsub.send('\x01before')
  const peer = new FakePeer({ side: 'connect' }).join(xsub, { linked: false })

  for (const text of ['\x01a', '\x01a', 'one', '\x01b', '\x00before', 'two', '\x00b', '\x01c']) xsub.send(text)
  peer.link()

  expect(peer.sent()).toEqual([
    'subscribe a',
    'subscribe before',
    'subscribe a',
    'one',
    'subscribe b',
    'cancel before',
    'two',
    'cancel b',
    'subscribe c',
  ])
})

test('messages that were left by a connection follow the subscriptions on the next', () => {
  const xsub = new XsubPattern(new FakeHost())
  const peer = new FakePeer({ side: 'connect' }).join(xsub)
  for (const text of ['\x01a', '\x01b', 'one', '\x00b', 'two']) xsub.send(text)

  peer.unlink()
  xsub.send('\x01c')
  peer.link()

  expect(peer.sent()).toEqual(['subscribe a', 'one', 'two', 'subscribe c'])
})

test('requests that a connection left without messages are taken back, and told anew on the next', () => {
  const xsub = new XsubPattern(new FakeHost())
  const peer = new FakePeer({ side: 'connect' }).join(xsub)
  for (const text of ['\x01a', '\x01b', '\x00b', '\x01c']) xsub.send(text)

  peer.unlink()
  xsub.send('\x00c')
  peer.link()

  expect(peer.sent()).toEqual(['subscribe a'])
})

test('requests without end behind a message for a peer that never comes take a bounded place', () => {
  const xsub = new XsubPattern(new FakeHost())
  const peer = new FakePeer({ side: 'connect' }).join(xsub, { linked: false })
  xsub.send('\x01a')
  xsub.send('one')

  for (let i = 0; i < 100_000; i++) xsub.send(i % 2 === 0 ? '\x01b' : '\x00b')
  peer.link()

  expect(peer.out.length).toBeLessThan(20_000)
  const sent = peer.sent()
  expect(sent.indexOf('subscribe a')).toBeLessThan(sent.indexOf('one'))
  expect(sent.lastIndexOf('subscribe b')).toBeLessThan(sent.lastIndexOf('cancel b'))
})

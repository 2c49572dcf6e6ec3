import { expect, test } from 'vitest'
import { XpubPattern } from '../../src/pattern/xpub.ts'
import { all, FakeHost, FakePeer, received } from './fake.ts'

const topic = (text: string): Buffer => Buffer.from(text)

test('the application reads the first subscription to a topic and the last cancellation', () => {
  const xpub = new XpubPattern(new FakeHost())
  const one = new FakePeer().join(xpub).asks('subscribe', 'a')
  const two = new FakePeer().join(xpub).says('\x01a')
  one.asks('cancel', 'a')
  two.asks('cancel', 'a')

  expect(all(xpub)).toEqual(['\x01a', '\x00a'])
})

test('verbose, all subscriptions are read; more verbose, all cancellations too', () => {
  const traffic = (verbose: 'subscribe' | 'all'): string[] => {
    const xpub = new XpubPattern(new FakeHost({ verbose }))
    const one = new FakePeer().join(xpub).asks('subscribe', 'a').asks('subscribe', 'a')
    const two = new FakePeer().join(xpub).asks('subscribe', 'a')
    one.asks('cancel', 'a')
    two.asks('cancel', 'a')
    return all(xpub)
  }

  expect(traffic('subscribe')).toEqual(['\x01a', '\x01a', '\x01a', '\x00a'])
  expect(traffic('all')).toEqual(['\x01a', '\x01a', '\x01a', '\x00a', '\x00a'])
})

test('a cancellation of what nobody had is read', () => {
  const xpub = new XpubPattern(new FakeHost())
  new FakePeer().join(xpub).asks('cancel', 'a')

  expect(received(xpub)).toBe('\x00a')
})

test('whoever leaves is read as cancellations of what only it had', () => {
  const xpub = new XpubPattern(new FakeHost())
  new FakePeer().join(xpub).asks('subscribe', 'a')
  const leaving = new FakePeer().join(xpub).asks('subscribe', 'a').asks('subscribe', 'b')
  all(xpub)

  leaving.leave()

  expect(all(xpub)).toEqual(['\x00b'])
})

test('more verbose, whoever leaves is read as cancellations of all it had', () => {
  const xpub = new XpubPattern(new FakeHost({ verbose: 'all' }))
  new FakePeer().join(xpub).asks('subscribe', 'a')
  const leaving = new FakePeer().join(xpub).asks('subscribe', 'a').asks('subscribe', 'b')
  all(xpub)

  leaving.leave()

  expect(all(xpub).toSorted()).toEqual(['\x00a', '\x00b'])
})

test('other messages of subscribers are read as they are', () => {
  const xpub = new XpubPattern(new FakeHost())
  new FakePeer().join(xpub).says('hello', 'world').says('')

  expect(all(xpub)).toEqual(['hello|world', ''])
})

test("under ONLY_FIRST_SUBSCRIBE what follows the first frame of a user is the user's", () => {
  const xpub = new XpubPattern(new FakeHost({ onlyFirstSubscribe: true }))
  new FakePeer().join(xpub).says('user', '\x01a').says('\x01b', '\x01c')

  expect(all(xpub)).toEqual(['user|\x01a', '\x01b', '\x01c'])
  expect(xpub.topics.count).toBe(2)
})

test('a welcome message is the first that a subscriber gets', () => {
  const xpub = new XpubPattern(new FakeHost({ welcomeMessage: Buffer.from('W') }))

  expect(new FakePeer().join(xpub).got).toEqual(['W'])
})

test('under MANUAL the application decides what the peer of the message it read gets', () => {
  const xpub = new XpubPattern(new FakeHost({ manual: true }))
  const one = new FakePeer().join(xpub).asks('subscribe', 'a')
  const two = new FakePeer().join(xpub).asks('subscribe', 'a')
  xpub.send('a0')

  received(xpub)
  xpub.topics.add(topic('XA'))
  received(xpub)
  xpub.topics.add(topic('XB'))
  xpub.send('XA1')
  xpub.send('XB1')
  xpub.send('a1')

  expect([one.got, two.got]).toEqual([['XA1'], ['XB1']])
  two.asks('cancel', 'a')
  expect(received(xpub)).toBe('\x00a')
  xpub.topics.remove(topic('XB'))
  expect(xpub.send('XB2')).toBe('drop')
})

test('under MANUAL whoever leaves is read as cancellations of what it had asked for', () => {
  const xpub = new XpubPattern(new FakeHost({ manual: true }))
  const peer = new FakePeer().join(xpub).asks('subscribe', 'a')
  received(xpub)
  xpub.topics.add(topic('XA'))

  peer.leave()

  expect(received(xpub)).toBe('\x00a')
  expect(xpub.send('XA1')).toBe('drop')
  expect(xpub.topics.add(topic('XA'))).toBe(false)
})

test('with a last value the next message goes to the peer that was read alone', () => {
  const xpub = new XpubPattern(new FakeHost({ manual: 'last-value' }))
  const early = new FakePeer().join(xpub).asks('subscribe', 'a')
  received(xpub)
  xpub.topics.add(topic('a'))
  xpub.send('a0')
  const late = new FakePeer().join(xpub).asks('subscribe', 'a')
  received(xpub)
  xpub.topics.add(topic('a'))

  xpub.send('a-last')
  xpub.send('a1')

  expect([early.got, late.got]).toEqual([
    ['a0', 'a1'],
    ['a-last', 'a1'],
  ])
})

test('who subscribes and cancels without end waits until the application reads', () => {
  const xpub = new XpubPattern(new FakeHost({ maxSubscriptions: 10 }))
  const peer = new FakePeer().join(xpub)
  for (let i = 0; i < 100; i++) peer.asks('subscribe', 'a').asks('cancel', 'a')

  expect(peer.readable).toBe(true)
  expect(all(xpub)).toHaveLength(200)
  expect(peer.readable).toBe(false)
})

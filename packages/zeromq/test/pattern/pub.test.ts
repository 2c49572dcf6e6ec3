import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PubPattern } from '../../src/pattern/pub.ts'
import { FakeHost, FakePeer } from './fake.ts'

test('a message goes to those who subscribed to a prefix of its first frame, once to each', () => {
  const pub = new PubPattern(new FakeHost())
  const news = new FakePeer().join(pub).asks('subscribe', 'news').asks('subscribe', 'ne')
  const all = new FakePeer().join(pub).asks('subscribe', '')
  const none = new FakePeer().join(pub)

  expect(pub.send(['news.local', 'body'])).toBe('accept')
  expect(pub.send('n')).toBe('accept')

  expect([news.got, all.got, none.got]).toEqual([['news.local|body'], ['news.local|body', 'n'], []])
})

test('subscriptions come as commands and as messages, and one cancellation ends equal ones', () => {
  const pub = new PubPattern(new FakeHost())
  const peer = new FakePeer().join(pub).says('\x01a').asks('subscribe', 'a').says('\x01b')
  expect(pub.topics.count).toBe(2)

  peer.asks('cancel', 'a').says('\x00b')

  expect(pub.topics.count).toBe(0)
  expect(pub.send('a')).toBe('drop')
})

test('whoever is full misses a message, the others do not', () => {
  const pub = new PubPattern(new FakeHost())
  const full = new FakePeer().join(pub).asks('subscribe', '')
  const roomy = new FakePeer().join(pub).asks('subscribe', '')
  full.room = 1

  pub.send('1')
  pub.send('2')

  expect([full.got, roomy.got]).toEqual([['1'], ['1', '2']])
})

test('with NODROP nobody gets what one cannot take', () => {
  const pub = new PubPattern(new FakeHost({ noDrop: true }))
  const full = new FakePeer().join(pub).asks('subscribe', '')
  const roomy = new FakePeer().join(pub).asks('subscribe', '')
  full.room = 0

  expect(pub.send('1')).toBe('full')
  full.drain()
  expect(pub.send('1')).toBe('accept')

  expect([full.got, roomy.got]).toEqual([['1'], ['1']])
})

test('inverted, those get a message who did not subscribe to it', () => {
  const pub = new PubPattern(new FakeHost({ invertMatching: true }))
  const a = new FakePeer().join(pub).asks('subscribe', 'a')
  const b = new FakePeer().join(pub).asks('subscribe', 'b')
  const none = new FakePeer().join(pub)

  pub.send('a1')

  expect([a.got, b.got, none.got]).toEqual([[], ['a1'], ['a1']])
})

test('a topic of text is matched by its octets', () => {
  const pub = new PubPattern(new FakeHost())
  const topic = 'é'.repeat(200)
  const peer = new FakePeer().join(pub).asks('subscribe', Buffer.from(topic).toString('latin1'))

  expect(pub.send(`${topic}x`)).toBe('accept')
  expect(pub.send(topic.slice(1))).toBe('drop')
  expect(peer.got).toHaveLength(1)
})

test('whoever leaves takes its subscriptions along, and whoever comes back starts afresh', () => {
  const pub = new PubPattern(new FakeHost())
  new FakePeer().join(pub).asks('subscribe', 'a').leave()
  expect(pub.topics.count).toBe(0)

  const back = new FakePeer({ side: 'connect' }).join(pub).asks('subscribe', 'b').unlink()
  expect(pub.topics.count).toBe(0)
  back.link().asks('subscribe', 'c')
  expect(pub.send('c')).toBe('accept')
})

test('a peer that subscribes without end is closed, and the others stay', () => {
  const pub = new PubPattern(new FakeHost({ maxSubscriptions: 3 }))
  const greedy = new FakePeer().join(pub)
  const modest = new FakePeer().join(pub).asks('subscribe', 'm')
  for (const topic of ['a', 'b', 'c', 'd', 'e']) greedy.asks('subscribe', topic)

  expect(greedy.closed).toBeDefined()
  expect(modest.closed).toBe(undefined)
  expect(pub.topics.count).toBe(1)
})

test('the octets of topics are bounded too', () => {
  const pub = new PubPattern(new FakeHost({ maxSubscriptionBytes: 10 }))
  const greedy = new FakePeer().join(pub).asks('subscribe', 'a'.repeat(6)).asks('subscribe', 'b'.repeat(6))

  expect(greedy.closed).toBeDefined()
})

test('under ONLY_FIRST_SUBSCRIBE the later frames of a message are no subscriptions', () => {
  const both = new PubPattern(new FakeHost())
  new FakePeer().join(both).says('user', '\x01a')
  const first = new PubPattern(new FakeHost({ onlyFirstSubscribe: true }))
  new FakePeer().join(first).says('user', '\x01a')

  expect([both.topics.count, first.topics.count]).toEqual([1, 0])
})

test('deliveries are those of a list of subscriptions, whoever subscribes, cancels and leaves', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 4 })
  const step = fc.record({
    act: fc.constantFrom('subscribe', 'subscribe', 'cancel', 'leave', 'send', 'send'),
    who: fc.nat(3),
    text,
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, invertMatching) => {
      const pub = new PubPattern(new FakeHost({ invertMatching }))
      const peers = [0, 1, 2, 3].map(() => new FakePeer().join(pub))
      const lists = peers.map(() => new Set<string>())
      const expected = peers.map((): string[] => [])
      for (const { act, who, text: topic } of steps) {
        const peer = peers[who]!
        if (act === 'subscribe' || act === 'cancel') {
          peer.asks(act, topic)
          lists[who]![act === 'subscribe' ? 'add' : 'delete'](topic)
        } else if (act === 'leave') {
          peer.leave()
          peers[who] = new FakePeer().join(pub)
          expected[who] = []
          lists[who]!.clear()
        } else {
          pub.send(topic)
          lists.forEach((list, i) => {
            const matches = [...list].some(prefix => topic.startsWith(prefix))
            if (matches !== invertMatching) expected[i]!.push(topic)
          })
        }
      }

      expect(peers.map(peer => peer.got)).toEqual(expected)
      expect(pub.topics.count).toBe(new Set(lists.flatMap(list => [...list])).size)
    }),
    { numRuns: 300 },
  )
})

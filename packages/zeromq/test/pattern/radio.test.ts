import { expect, test } from 'vitest'
import { DishPattern } from '../../src/pattern/dish.ts'
import { RadioPattern } from '../../src/pattern/radio.ts'
import { all, FakeHost, FakePeer } from './fake.ts'

test('a message goes to those who joined its group, by its whole name', () => {
  const radio = new RadioPattern(new FakeHost())
  const member = new FakePeer().join(radio).asks('join', 'news')
  const other = new FakePeer().join(radio).asks('join', 'ne')

  expect(radio.send('body', 'news')).toBe('accept')
  member.asks('leave', 'news')
  expect(radio.send('body', Buffer.from('news'))).toBe('drop')

  expect([member.got, other.got]).toEqual([['news|body'], []])
})

test('multipart messages, groups over 255 octets and ids are refused', () => {
  const radio = new RadioPattern(new FakeHost())

  expect(radio.send(['a', 'b'], 'group')).toBe('EINVAL')
  expect(radio.send('a', 'g'.repeat(256))).toBe('EINVAL')
  expect(radio.send('a', 7)).toBe('EINVAL')
})

test('over datagrams everything is sent', () => {
  const radio = new RadioPattern(new FakeHost())
  const udp = new FakePeer({ side: 'connect', datagrams: true }).join(radio)

  expect(radio.send('body', 'news')).toBe('accept')
  expect(udp.got).toEqual(['news|body'])
})

test('whoever leaves is in no group, whoever joins without end is closed', () => {
  const radio = new RadioPattern(new FakeHost({ maxSubscriptions: 2 }))
  new FakePeer().join(radio).asks('join', 'a').leave()
  expect(radio.send('x', 'a')).toBe('drop')

  const greedy = new FakePeer().join(radio).asks('join', 'a').asks('join', 'b').asks('join', 'c')
  expect(greedy.closed).toBeDefined()
})

test('a dish has the messages of its groups, each with its group', () => {
  const dish = new DishPattern(new FakeHost())
  const peer = new FakePeer().join(dish)
  expect(dish.topics.add(Buffer.from('news'))).toBe(true)
  expect(dish.topics.add(Buffer.from('news'))).toBe(false)
  expect(dish.topics.add(Buffer.alloc(256))).toBe(false)
  peer.says('news', '1').says('other', '2').says('news').says('news', '3')

  expect(all(dish)).toEqual([
    `1|${JSON.stringify({ group: Buffer.from('news') })}`,
    `3|${JSON.stringify({ group: Buffer.from('news') })}`,
  ])
})

test('a dish tells each connection its groups', () => {
  const dish = new DishPattern(new FakeHost())
  const peer = new FakePeer().join(dish)
  dish.topics.add(Buffer.from('a'))
  expect(dish.topics.remove(Buffer.from('b'))).toBe(false)
  const later = new FakePeer().join(dish)
  expect(dish.topics.remove(Buffer.from('a'))).toBe(true)

  expect([peer.requests, later.requests]).toEqual([
    ['join a', 'leave a'],
    ['join a', 'leave a'],
  ])
})

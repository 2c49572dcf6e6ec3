import { expect, test } from 'vitest'
import { PairPattern } from '../../src/pattern/pair.ts'
import { all, FakeHost, FakePeer } from './fake.ts'

test('the first peer wins and the second is closed', () => {
  const pair = new PairPattern('PAIR', new FakeHost())
  const first = new FakePeer().join(pair)
  const second = new FakePeer().join(pair)

  pair.send(['a', 'b'])

  expect(second.closed).toBeDefined()
  expect(first.got).toEqual(['a|b'])
})

test('when the peer is gone another may come, and what the first had said is read first', () => {
  const pair = new PairPattern('PAIR', new FakeHost())
  new FakePeer().join(pair).says('1').leave()
  expect(pair.canSend).toBe(false)
  const next = new FakePeer().join(pair).says('2')

  expect(all(pair)).toEqual(['1', '2'])
  expect(pair.send('x')).toBe('accept')
  expect(next.got).toEqual(['x'])
})

test('without a peer, or with a full one, nothing can be sent', () => {
  const pair = new PairPattern('PAIR', new FakeHost())
  expect(pair.send('x')).toBe('full')
  new FakePeer().join(pair).room = 0
  expect(pair.canSend).toBe(false)
  expect(pair.send('x')).toBe('full')
})

test('a channel has single frames both ways', () => {
  const channel = new PairPattern('CHANNEL', new FakeHost())
  new FakePeer().join(channel).says('a', 'b').says('c')

  expect(channel.send(['a', 'b'])).toBe('EINVAL')
  expect(all(channel)).toEqual(['c'])
})

test('a datagram is an address and a body', () => {
  const dgram = new PairPattern('DGRAM', new FakeHost())
  const peer = new FakePeer().join(dgram)

  expect(dgram.send('body')).toBe('EINVAL')
  expect(dgram.send(['127.0.0.1:1', 'body'])).toBe('accept')
  expect(peer.got).toEqual(['127.0.0.1:1|body'])
})

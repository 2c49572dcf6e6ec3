import { expect, test } from 'vitest'
import { ReqPattern } from '../../src/pattern/req.ts'
import { FakeHost, FakePeer, received } from './fake.ts'

test('a request has a delimiter, its reply has not', () => {
  const req = new ReqPattern(new FakeHost())
  const peer = new FakePeer().join(req)

  expect(req.send(['a', 'b'])).toBe('accept')
  peer.says('', 'c', 'd')

  expect(peer.got).toEqual(['|a|b'])
  expect(received(req)).toBe('c|d')
})

test('requests and replies take turns', () => {
  const req = new ReqPattern(new FakeHost())
  const peer = new FakePeer().join(req)
  expect(req.barred).toBe('EFSM')
  expect(req.canSend).toBe(true)

  req.send('1')

  expect(req.canSend).toBe(false)
  expect(req.send('2')).toBe('EFSM')
  expect(req.barred).toBe(undefined)
  peer.says('', 'r')
  expect(received(req)).toBe('r')
  expect(req.barred).toBe('EFSM')
  expect(req.send('2')).toBe('accept')
})

test('requests go to the peers in turn, and wait for one that has room', () => {
  const req = new ReqPattern(new FakeHost())
  expect(req.send('0')).toBe('full')
  expect(req.barred).toBe('EFSM')
  const one = new FakePeer().join(req)
  const two = new FakePeer().join(req)

  req.send('1')
  one.says('', 'r')
  received(req)
  req.send('2')

  expect([one.got, two.got]).toEqual([['|1'], ['|2']])
})

test('a reply of another peer is dropped', () => {
  const req = new ReqPattern(new FakeHost())
  const asked = new FakePeer().join(req)
  const other = new FakePeer().join(req)

  req.send('1')
  other.says('', 'wrong')
  expect(received(req)).toBe(undefined)
  asked.says('', 'right')

  expect(received(req)).toBe('right')
})

test('what came before the request is not its reply', () => {
  const req = new ReqPattern(new FakeHost())
  const peer = new FakePeer().join(req).says('', 'early')

  req.send('1')
  expect(received(req)).toBe(undefined)
  peer.says('', 'reply')

  expect(received(req)).toBe('reply')
})

test('a reply without its envelope closes that peer and no other', () => {
  const req = new ReqPattern(new FakeHost())
  const bad = new FakePeer().join(req)
  const good = new FakePeer().join(req)

  req.send('1')
  bad.says('no delimiter')

  expect(received(req)).toBe(undefined)
  expect(bad.closed).toBeDefined()
  expect(good.closed).toBe(undefined)
})

test('with correlation the id is on the wire, and a reply to an earlier request is dropped', () => {
  const req = new ReqPattern(new FakeHost({ correlate: true, relaxed: true }))
  const peer = new FakePeer().join(req)

  req.send('1')
  req.send('2')
  const [first, second] = peer.got.map(text => text.slice(0, 4))

  expect(peer.got).toEqual([`${first}||1`, `${second}||2`])
  expect(first).not.toBe(second)
  peer.says(first!, '', 'late')
  expect(received(req)).toBe(undefined)
  peer.says(second!, '', 'right')
  expect(received(req)).toBe('right')
})

test('relaxed, a second request goes to the next peer and the first reply is not awaited', () => {
  const req = new ReqPattern(new FakeHost({ relaxed: true }))
  const one = new FakePeer().join(req)
  const two = new FakePeer().join(req)

  req.send('1')
  expect(req.send('2')).toBe('accept')
  one.says('', 'late')
  two.says('', 'right')

  expect(received(req)).toBe('right')
})

test('the peer that was asked is gone: the request waits on, and relaxed it can be repeated', () => {
  const host = new FakeHost()
  const req = new ReqPattern(host)
  const one = new FakePeer().join(req)
  req.send('1')
  one.leave()
  const two = new FakePeer().join(req)
  expect(req.send('2')).toBe('EFSM')

  host.options.relaxed = true
  expect(req.send('2')).toBe('accept')
  two.says('', 'r')

  expect(received(req)).toBe('r')
})

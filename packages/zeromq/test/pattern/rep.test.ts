import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RepPattern } from '../../src/pattern/rep.ts'
import { FakeHost, FakePeer, received } from './fake.ts'

test('a reply goes to whoever asked, with the envelope of the request', () => {
  const rep = new RepPattern(new FakeHost())
  const one = new FakePeer().join(rep)
  const two = new FakePeer().join(rep).says('hop2', 'hop1', '', 'question', 'more')

  expect(received(rep)).toBe('question|more')
  expect(rep.send(['answer', 'more'])).toBe('accept')

  expect(one.got).toEqual([])
  expect(two.got).toEqual(['hop2|hop1||answer|more'])
})

test('requests and replies take turns', () => {
  const rep = new RepPattern(new FakeHost())
  new FakePeer().join(rep).says('', '1').says('', '2')
  expect(rep.canSend).toBe(false)
  expect(rep.send('x')).toBe('EFSM')

  expect(received(rep)).toBe('1')
  expect(rep.barred).toBe('EFSM')
  expect(received(rep)).toBe(undefined)
  expect(rep.canSend).toBe(true)
  rep.send('a')

  expect(received(rep)).toBe('2')
})

test('peers are served in turn', () => {
  const rep = new RepPattern(new FakeHost())
  new FakePeer().join(rep).says('', 'a1').says('', 'a2')
  new FakePeer().join(rep).says('', 'b1')

  const served = [1, 2, 3].map(() => {
    const request = received(rep)
    rep.send('r')
    return request
  })

  expect(served).toEqual(['a1', 'b1', 'a2'])
})

test('a request without a delimiter, or with nothing behind it, is dropped', () => {
  const rep = new RepPattern(new FakeHost())
  new FakePeer().join(rep).says('no', 'delimiter').says('hop', '').says('', 'good')

  expect(received(rep)).toBe('good')
})

test('the reply to a peer that is gone or full is dropped', () => {
  const rep = new RepPattern(new FakeHost())
  const gone = new FakePeer().join(rep).says('', '1')
  received(rep)
  gone.leave()
  expect(rep.send('r')).toBe('drop')

  const full = new FakePeer().join(rep).says('', '2')
  full.room = 0
  received(rep)
  expect(rep.send('r')).toBe('drop')
  expect(rep.barred).toBe(undefined)
})

test('whatever the hops, the reply carries them back', () => {
  const frame = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 })
  const hops = fc.array(frame, { maxLength: 4 })
  const body = fc.array(fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 3 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(hops, body, (address, parts) => {
      const rep = new RepPattern(new FakeHost())
      const peer = new FakePeer().join(rep).says(...address, '', ...parts)

      expect(received(rep)).toBe(parts.join('|'))
      rep.send('r')

      expect(peer.got).toEqual([[...address, '', 'r'].join('|')])
    }),
  )
})

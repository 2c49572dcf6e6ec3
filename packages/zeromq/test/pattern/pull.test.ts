import { expect, test } from 'vitest'
import { PullPattern } from '../../src/pattern/pull.ts'
import { all, FakeHost, FakePeer } from './fake.ts'

test('a puller reads from its peers in turn', () => {
  const pull = new PullPattern('PULL', new FakeHost())
  new FakePeer().join(pull).says('a1', 'x').says('a2')
  new FakePeer().join(pull).says('b1')

  expect(all(pull)).toEqual(['a1|x', 'b1', 'a2'])
})

test('what a pusher sent before it went is read', () => {
  const pull = new PullPattern('PULL', new FakeHost())
  new FakePeer().join(pull).says('1').says('2').leave()

  expect(all(pull)).toEqual(['1', '2'])
})

test('a gatherer drops what has more than one frame', () => {
  const gather = new PullPattern('GATHER', new FakeHost())
  new FakePeer().join(gather).says('a', 'b').says('c')

  expect(all(gather)).toEqual(['c'])
})

test('a batch holds what one receive after another would give, and no more than is asked for', () => {
  for (const type of ['PULL', 'GATHER'] as const) {
    const pull = new PullPattern(type, new FakeHost())
    new FakePeer().join(pull).says('a1').says('a', 'b').says('a2').says('a3')
    new FakePeer().join(pull).says('b1')
    const into: Buffer[][] = []

    pull.receiveMany(into, 3)
    const first = into.length
    pull.receiveMany(into, 100)

    expect([first, into.map(frames => frames.join('|')).toSorted()]).toEqual([
      3,
      type === 'PULL' ? ['a1', 'a2', 'a3', 'a|b', 'b1'] : ['a1', 'a2', 'a3', 'b1'],
    ])
    expect(pull.canReceive).toBe(false)
  }
})

test('a puller cannot send', () => {
  expect(new PullPattern('PULL', new FakeHost()).send()).toBe('ENOTSUP')
})

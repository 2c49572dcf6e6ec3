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

test('a puller cannot send', () => {
  expect(new PullPattern('PULL', new FakeHost()).send()).toBe('ENOTSUP')
})

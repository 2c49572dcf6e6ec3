import { expect, test } from 'vitest'
import { StreamPattern } from '../../src/pattern/stream.ts'
import { FakeHost, FakePeer, received } from './fake.ts'

test('a connection is told by an empty message, its octets follow, its end is told too', () => {
  const stream = new StreamPattern(new FakeHost())
  const peer = new FakePeer().join(stream)
  const id = Buffer.from(stream.ids.of(peer)!).toString('latin1')

  peer.says('octets').leave()

  expect([received(stream), received(stream), received(stream)]).toEqual([`${id}|`, `${id}|octets`, `${id}|`])
  expect(received(stream)).toBe(undefined)
})

test('without STREAM_NOTIFY only octets are told', () => {
  const stream = new StreamPattern(new FakeHost({ streamNotify: false }))
  const peer = new FakePeer().join(stream, { wanted: 'me' }).says('octets')
  peer.leave()

  expect(received(stream)).toBe('me|octets')
  expect(received(stream)).toBe(undefined)
})

test('octets go to the peer of the id, an empty message closes it', () => {
  const stream = new StreamPattern(new FakeHost())
  const peer = new FakePeer({ side: 'connect' }).join(stream, { wanted: 'me' })

  expect(stream.send(['me', 'octets'])).toBe('accept')
  expect(stream.send(['me', ''])).toBe('accept')

  expect(peer.got).toEqual(['octets'])
  expect(peer.closed).toBeDefined()
  expect(stream.send(['me', 'x'])).toBe('EHOSTUNREACH')
})

test('an unknown id is refused, a full peer is waited for, an id alone is nothing', () => {
  const stream = new StreamPattern(new FakeHost())
  new FakePeer().join(stream, { wanted: 'me' }).room = 0

  expect(stream.send(['nobody', 'x'])).toBe('EHOSTUNREACH')
  expect(stream.send(['me', 'x'])).toBe('full')
  expect(stream.send('me')).toBe('drop')
})

import { expect, test } from 'vitest'
import { RouterPattern } from '../../src/pattern/router.ts'
import { all, FakeHost, FakePeer, received } from './fake.ts'

test('the first frame is the id of the peer, both ways', () => {
  const router = new RouterPattern(new FakeHost())
  const one = new FakePeer({ id: 'one' }).join(router).says('hello')
  const two = new FakePeer({ id: 'two' }).join(router)

  expect(received(router)).toBe('one|hello')
  router.send(['two', 'a', 'b'])
  router.send([Buffer.from('one'), 'c'])

  expect([one.got, two.got]).toEqual([['c'], ['a|b']])
})

test('a peer without an id gets one of five octets that begins with 0', () => {
  const router = new RouterPattern(new FakeHost())
  const peer = new FakePeer().join(router).says('x')

  const message = router.receive()!
  expect(message[0]).toHaveLength(5)
  expect(message[0]![0]).toBe(0)
  router.send([message[0]!, 'back'])

  expect(peer.got).toEqual(['back'])
})

test('a peer cannot wish for an id that begins with 0', () => {
  const router = new RouterPattern(new FakeHost())
  const honest = new FakePeer().join(router).says('x')
  const id = router.receive()![0]!
  const thief = new FakePeer({ id: id.toString('latin1') }).join(router)
  new FakePeer({ id: '\0\0\0\0\0' }).join(router)

  router.send([id, 'secret'])
  router.send([Buffer.alloc(5), 'secret'])

  expect(honest.got).toEqual(['secret'])
  expect(thief.got).toEqual([])
})

test('the id a message carries belongs to the application', () => {
  const router = new RouterPattern(new FakeHost())
  new FakePeer({ id: 'one' }).join(router).says('1').says('2')

  router.receive()![0]!.fill('x')

  expect(received(router)).toBe('one|2')
})

test('what has no route, or finds its peer full, is dropped; an id alone is nothing', () => {
  const router = new RouterPattern(new FakeHost())
  const full = new FakePeer({ id: 'full' }).join(router)
  full.room = 0

  expect(router.send(['nobody', 'x'])).toBe('drop')
  expect(router.send(['full', 'x'])).toBe('drop')
  expect(router.send('full')).toBe('drop')
  expect(router.canSend).toBe(true)
})

test('when it is mandatory, an unknown peer and a full one are refused', () => {
  const router = new RouterPattern(new FakeHost({ mandatory: true }))
  expect(router.canSend).toBe(false)
  const peer = new FakePeer({ id: 'one' }).join(router)
  peer.room = 0

  expect(router.send(['nobody', 'x'])).toBe('EHOSTUNREACH')
  expect(router.send(['one', 'x'])).toBe('full')
  expect(router.canSend).toBe(false)
  peer.drain()
  expect(router.canSend).toBe(true)
  expect(router.send(['one', 'x'])).toBe('accept')
  peer.leave()
  expect(router.send(['one', 'x'])).toBe('EHOSTUNREACH')
})

test('a second peer of an id is neither read nor written until the first is gone', () => {
  const router = new RouterPattern(new FakeHost())
  const first = new FakePeer({ id: 'id' }).join(router)
  const second = new FakePeer({ id: 'id' }).join(router).says('waiting')
  expect(received(router)).toBe(undefined)
  router.send(['id', 'for the first'])

  first.leave()
  router.send(['id', 'for the second'])

  expect(first.got).toEqual(['for the first'])
  expect(second.got).toEqual(['for the second'])
  expect(received(router)).toBe('id|waiting')
})

test('with handover the second peer takes the id, the first is closed and what it had said is read', () => {
  const router = new RouterPattern(new FakeHost({ handover: true }))
  const first = new FakePeer({ id: 'id' }).join(router).says('before')
  const second = new FakePeer({ id: 'id' }).join(router).says('after')

  router.send(['id', 'x'])

  expect(first.closed).toBeDefined()
  expect(first.got).toEqual([])
  expect(second.got).toEqual(['x'])
  const texts = all(router)
  expect(texts).toHaveLength(2)
  expect(texts).toContain('id|after')
  expect(texts.find(text => text.endsWith('|before'))).not.toBe('id|before')
})

test('the id of a peer that is gone is free at once, while what it had said is still read', () => {
  const router = new RouterPattern(new FakeHost())
  new FakePeer({ id: 'id' }).join(router).says('old').leave()
  const again = new FakePeer({ id: 'id' }).join(router).says('new')

  router.send(['id', 'x'])

  expect(again.got).toEqual(['x'])
  expect(all(router)).toEqual(['id|old', 'id|new'])
})

test('a connecting router knows its peer when it is linked, by the id of its choice at once', () => {
  const router = new RouterPattern(new FakeHost({ mandatory: true }))
  const later = new FakePeer({ side: 'connect', id: 'own' }).join(router, { linked: false })
  const chosen = new FakePeer({ side: 'connect', id: 'ignored' }).join(router, { linked: false, wanted: 'chosen' })

  expect(router.send(['own', 'x'])).toBe('EHOSTUNREACH')
  expect(router.send(['chosen', 'x'])).toBe('accept')
  later.link()
  chosen.link()

  expect(router.send(['own', 'x'])).toBe('accept')
  expect(router.send(['chosen', 'y'])).toBe('accept')
  expect(chosen.got).toEqual(['x', 'y'])
})

test('a peer that comes back under another id is found under that', () => {
  const router = new RouterPattern(new FakeHost({ mandatory: true }))
  const peer = new FakePeer({ side: 'connect', id: 'old' }).join(router).unlink()
  peer.identity = Buffer.from('new')
  peer.link()

  expect(router.send(['old', 'x'])).toBe('EHOSTUNREACH')
  expect(router.send(['new', 'x'])).toBe('accept')
})

test('coming and going are told when ROUTER_NOTIFY asks for it', () => {
  const router = new RouterPattern(new FakeHost({ routerNotify: 3, disconnectMessage: Buffer.from('gone') }))
  new FakePeer({ id: 'id' }).join(router).says('x').leave()

  expect(all(router)).toEqual(['id|', 'id|x', 'id|', 'id|gone'])
})

test('a probe reaches the peer first', () => {
  const router = new RouterPattern(new FakeHost({ probeRouter: true }))
  const peer = new FakePeer({ side: 'connect', id: 'id' }).join(router)

  expect(peer.got).toEqual([''])
})

test('ids of octets that are no text are found from text of the same octets', () => {
  const router = new RouterPattern(new FakeHost({ mandatory: true }))
  const peer = new FakePeer().join(router, { wanted: Buffer.from('é').toString('latin1') })

  expect(router.send(['é', 'x'])).toBe('accept')
  expect(router.send([Buffer.from('é'), 'y'])).toBe('accept')
  expect(peer.got).toEqual(['x', 'y'])
})

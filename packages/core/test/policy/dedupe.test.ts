import { describe, expect, test } from 'vitest'
import { message } from '../../src/message.ts'
import { Deduplicator, dedupe } from '../../src/policy/dedupe.ts'
import type { Claim } from '../../src/policy/dedupe.ts'
import { memoryDedupeStore } from '../../src/policy/dedupe-store.ts'
import { settled, virtualClock } from '../../src/testing/virtual-clock.ts'
import { fakeContext, fakeDelivery } from '../router/kit.ts'

describe('dedupe', () => {
  test('a message that was handled is not handled again, and counts as done', async () => {
    const clock = virtualClock()
    let calls = 0
    const handler = dedupe()(() => ++calls)
    const context = fakeContext({ clock })

    expect(await handler(1, context)).toBe(1)
    expect(await handler(1, context)).toBeUndefined()
    expect(calls).toBe(1)
  })

  test('a message that failed is handled when it comes again: the redelivery is no duplicate', async () => {
    let calls = 0
    const handler = dedupe()(() => {
      if (++calls === 1) throw new Error('no')
      return 'done'
    })
    const context = fakeContext()

    await expect(handler(1, context)).rejects.toThrow('no')

    expect(await handler(1, context)).toBe('done')
  })

  test('messages of the same content and different ids are different; a key of one’s own says otherwise', async () => {
    const deduplicator = new Deduplicator()
    const byText = new Deduplicator({ key: ({ payload }) => Buffer.from(payload).toString() })
    const [one, other] = [message('same'), message('same')]
    const context = fakeContext()

    await deduplicator.confirm((await deduplicator.claim(one, context)) as Claim)
    await byText.confirm((await byText.claim(one, context)) as Claim)

    expect(await deduplicator.claim(other, context)).not.toBe('duplicate')
    expect(await byText.claim(other, context)).toBe('duplicate')
  })

  test('a message without a key is not looked at', async () => {
    const deduplicator = new Deduplicator({ key: () => undefined })

    expect(await deduplicator.claim(message('a'), fakeContext())).toBe('new')
  })

  test('a key is forgotten after its time', async () => {
    const clock = virtualClock()
    let calls = 0
    const handler = dedupe({ ttl: 1000 })(() => ++calls)
    const context = fakeContext({ clock })
    await handler(1, context)

    await clock.advance(999)
    await handler(1, context)
    await clock.advance(1)
    await handler(1, context)

    expect(calls).toBe(2)
  })

  test('one who comes while another is at the same key waits for how that ends', async () => {
    const clock = virtualClock()
    const { promise, reject } = Promise.withResolvers<string>()
    let calls = 0
    const handler = dedupe()(() => (++calls === 1 ? promise : 'done'))
    const delivery = fakeDelivery()
    const first = Promise.resolve(handler(1, fakeContext({ clock, delivery }))).catch(() => 'failed')
    await settled()
    const second = Promise.resolve(handler(1, fakeContext({ clock, delivery })))
    await clock.advance(100)
    expect(calls).toBe(1)

    reject(new Error('no'))
    await clock.advance(3000)

    expect([await first, await second]).toEqual(['failed', 'done'])
    expect(clock.pending).toBe(0)
  })

  test('a claim whose owner died is over after its lease', async () => {
    const clock = virtualClock()
    const deduplicator = new Deduplicator({ lease: 5000 })
    const context = fakeContext({ clock })
    await deduplicator.claim(context.delivery.message, context)

    const second = deduplicator.claim(context.delivery.message, context)
    await clock.advance(8000)

    expect(await second).toMatchObject({ key: context.delivery.message.id })
  })

  test.each([{ ttl: 0 }, { lease: 0 }])('refuses %o', options => {
    expect(() => dedupe(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('the memory dedupe store', () => {
  test('a confirm or release with the token of another claim changes nothing', async () => {
    const clock = virtualClock()
    const store = memoryDedupeStore({ clock })
    store.claim('a', { token: 'slow', lease: 100 })
    await clock.advance(100)
    store.claim('a', { token: 'quick', lease: 100 })

    store.release('a', { token: 'slow' })
    expect(store.claim('a', { token: 'third', lease: 100 })).toBe('busy')
    store.confirm('a', { token: 'slow', ttl: 1000 })
    expect(store.claim('a', { token: 'third', lease: 100 })).toBe('busy')
    store.confirm('a', { token: 'quick', ttl: 1000 })

    expect(store.claim('a', { token: 'third', lease: 100 })).toBe('done')
  })

  test('is bounded: the oldest that is done is forgotten first, a claim is not', () => {
    const clock = virtualClock()
    const store = memoryDedupeStore({ clock, max: 3 })
    store.claim('held', { token: 't', lease: 1e9 })
    for (let i = 0; i < 10; i++) {
      store.claim(`k${i}`, { token: 't', lease: 1e9 })
      store.confirm(`k${i}`, { token: 't', ttl: 1e9 })
    }

    expect(store.size).toBeLessThanOrEqual(3)
    expect(store.claim('held', { token: 'x', lease: 1 })).toBe('busy')
    expect(store.claim('k9', { token: 'x', lease: 1 })).toBe('done')
    expect(store.claim('k0', { token: 'x', lease: 1 })).toBe('claimed')
  })

  test('forgets what is over as new keys come in', async () => {
    const clock = virtualClock()
    const store = memoryDedupeStore({ clock })
    for (let i = 0; i < 100; i++) {
      store.claim(`old${i}`, { token: 't', lease: 100 })
      store.confirm(`old${i}`, { token: 't', ttl: 100 })
    }
    await clock.advance(100)

    store.claim('new', { token: 't', lease: 100 })

    expect(store.size).toBe(1)
  })
})

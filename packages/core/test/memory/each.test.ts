import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/index.ts'
import { message, text } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'

const texts = (...all: string[]) => all.map(one => message(one))

test('one after another, in order, whether the handler waits or not', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const seen: string[] = []
  let busy = 0
  const done = subscription.each(async delivery => {
    expect(++busy).toBe(1)
    if (seen.length % 2 === 0) await turn()
    seen.push(text(delivery.message))
    busy--
    if (seen.length === 6) void subscription.close()
  })
  await broker.publish('t', texts('1', '2', '3'))
  for (const one of texts('4', '5', '6')) await broker.publish('t', one)
  await done
  expect(seen).toEqual(['1', '2', '3', '4', '5', '6'])
  expect(broker.statistics()).toMatchObject({ acked: 6, delivered: 6, pending: 0 })
})

test("the handler never runs within the publisher's call", async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  let handled = 0
  void subscription.each(() => void handled++)
  await turn()
  const published = broker.publish('t', message('x'))
  expect(handled).toBe(0)
  await published
  await turn()
  expect(handled).toBe(1)
})

test('an abort while it waits ends it, and takes nothing from others', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const abort = new AbortController()
  const done = subscription.each(() => expect.unreachable(), { signal: abort.signal })
  await turn()
  abort.abort()
  await done
  await broker.publish('t', message('x'))
  const delivery = await subscription.receive()
  expect(text(delivery.message)).toBe('x')
  delivery.ack()
})

test('an abort in the midst of a handler lets it end, and no other begin', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const abort = new AbortController()
  let handled = 0
  await broker.publish('t', texts('1', '2', '3'))
  await subscription.each(
    async () => {
      abort.abort()
      await turn()
      handled++
    },
    { signal: abort.signal },
  )
  expect(handled).toBe(1)
  expect(broker.statistics()).toMatchObject({ acked: 1, pending: 2 })
})

test('what came in the turn of the close is handled once in all', async () => {
  await using broker = memory()
  const first = await broker.subscribe('t', { group: 'g' })
  let handled = 0
  const done = first.each(() => void handled++)
  await turn()
  const published = broker.publish('t', texts('1', '2'))
  const { released } = await first.close({ timeout: 0 })
  await Promise.all([published, done])
  expect(released).toBe(0)
  const second = await broker.subscribe('t', { group: 'g' })
  for (let delivery = second.tryReceive(); delivery; delivery = second.tryReceive()) {
    handled++
    delivery.ack()
  }
  expect(handled).toBe(2)
  expect(broker.statistics()).toMatchObject({ acked: 2, pending: 0 })
})

test.each([
  ['throws', () => { throw new Error('no') }], // prettier-ignore
  ['rejects', () => Promise.reject(new Error('no'))],
  // oxlint-disable-next-line no-thenable
  ['is a thenable that rejects', () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('no')) }) as Promise<void>], // prettier-ignore
])('a handler that %s has its message again, then goes on', async (_, fail: () => Promise<void>) => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g', backoff: { base: 0, max: 0 } })
  const seen: string[] = []
  const done = subscription.each(delivery => {
    seen.push(`${text(delivery.message)} ${delivery.attempt}`)
    if (text(delivery.message) === 'bad' && delivery.attempt === 1) return fail()
    if (seen.length === 3) void subscription.close()
    return undefined
  })
  await broker.publish('t', texts('bad', 'good'))
  await done
  expect(seen.toSorted()).toEqual(['bad 1', 'bad 2', 'good 1'])
})

test('two loops share a subscription: each message once', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const seen: string[] = []
  const count = (who: string) => async (): Promise<void> => {
    seen.push(who)
    await turn()
    if (seen.length === 10) void subscription.close()
  }
  const done = [subscription.each(count('a')), subscription.each(count('b'))]
  await turn()
  for (const one of texts('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')) await broker.publish('t', one)
  await Promise.all(done)
  expect(seen).toHaveLength(10)
  expect(new Set(seen)).toEqual(new Set(['a', 'b']))
})

describe('a message whose handler has not ended yet is in hand, though nobody had to remember it', () => {
  const plan = { group: 'g', backoff: { base: 0, max: 0 }, deadLetter: 'dead' }
  type Settle = (delivery: Delivery) => void

  test.each<[string, Settle, object]>([
    ['ack', delivery => void delivery.ack(), { acked: 2, pending: 0 }],
    [
      'nack',
      delivery => void (delivery.attempt === 1 && delivery.nack()),
      { acked: 2, nacked: 2, redelivered: 2, pending: 0 },
    ],
    ['reject', delivery => void delivery.reject(), { acked: 0, deadLettered: 2, published: 4 }],
    ['release', delivery => void (delivery.redelivered || delivery.release()), { acked: 2, pending: 0 }],
  ])('%s within it', async (what, settle, counts) => {
    // prettier-ignore
    await using broker = memory()
    const subscription = await broker.subscribe('t', plan)
    const released = new Set<string>()
    await broker.publish('t', texts('1', '2')) // before, for one that was waited for is remembered
    const done = subscription.each(delivery => {
      if (what === 'release' && released.has(delivery.message.id)) return
      released.add(delivery.message.id)
      settle(delivery)
    })
    for (let i = 0; i < 20; i++) await turn()
    await subscription.close()
    await done
    expect(broker.statistics()).toMatchObject(counts)
  })

  test('its lease can be extended', async () => {
    await using broker = memory()
    const subscription = await broker.subscribe('t', { group: 'g', lease: 1000 })
    await broker.publish('t', message('1'))
    let extended: Promise<number> | undefined
    const done = subscription.each(delivery => {
      extended = delivery.extend(5000)
      void subscription.close()
    })
    await done
    expect(await extended).toBe(5000)
    expect(broker.statistics()).toMatchObject({ acked: 1, pending: 0, inFlight: 0 })
  })

  test('it counts as in flight, and as pending', async () => {
    await using broker = memory()
    const subscription = await broker.subscribe('t', { group: 'g' })
    const seen: unknown[] = []
    await broker.publish('t', texts('1', '2', '3'))
    const done = subscription.each(() => {
      const { inFlight, pending } = broker.statistics()
      seen.push([inFlight, pending])
      if (seen.length === 3) void subscription.close()
    })
    await done
    expect(seen).toEqual([[1, 3], [1, 2], [1, 1]]) // prettier-ignore
  })

  test('another takes the next one meanwhile, and settles it before', async () => {
    await using broker = memory()
    const first = await broker.subscribe('t', { group: 'g' })
    const second = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', texts('1', '2', '3', '4'))
    const seen: string[] = []
    const done = first.each(delivery => {
      seen.push(`first ${text(delivery.message)}`)
      const other = second.tryReceive()
      if (other) seen.push(`second ${text(other.message)}`)
      other?.ack()
      if (seen.length === 4) void first.close()
    })
    await done
    expect(seen).toEqual(['first 1', 'second 2', 'first 3', 'second 4'])
    expect(broker.statistics()).toMatchObject({ acked: 4, pending: 0, inFlight: 0 })
  })

  test.each<[string, () => void | Promise<void>]>([
    ['ends', () => undefined],
    ['goes on', () => turn()],
    ['fails', () => { throw new Error('no') }], // prettier-ignore
  ])('dropped for want of room while its handler %s, it does not come again', async (_, end) => {
    await using broker = memory({ capacity: { messages: 2 }, whenFull: 'drop-oldest' })
    const subscription = await broker.subscribe('t', { group: 'g', backoff: { base: 0, max: 0 } })
    const seen: string[] = []
    await broker.publish('t', message('1'))
    const done = subscription.each(delivery => {
      seen.push(text(delivery.message))
      if (seen.length > 1) return undefined
      void broker.publish('t', texts('2', '3'))
      return end()
    })
    for (let i = 0; i < 10; i++) await turn()
    await subscription.close()
    await done
    expect(seen).toEqual(['1', '2', '3'])
    expect(broker.statistics()).toMatchObject({ dropped: 1, acked: 2, pending: 0, inFlight: 0 })
  })
})

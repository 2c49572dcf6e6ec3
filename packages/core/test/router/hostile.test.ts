import { describe, expect, it, test } from 'vitest'
import { provenance } from '../../src/adapter/dead-letter.ts'
import type { Delivery } from '../../src/contract.ts'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { settled as turn } from '../../src/testing/virtual-clock.ts'
import { transformSubscriber } from '../../src/decorator/transform-subscriber.ts'
import { captureLogger } from '../../src/logger.ts'
import { Router } from '../../src/router/router.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { unshowable } from '../unshowable.ts'
import { everything, mill, turns } from './kit.ts'

const twice = { attempts: 2, backoff: { base: 1, max: 1 } }

describe('whatever is thrown, the message is tried again and dead-lettered, and the next one comes', () => {
  for (const [name, make] of Object.entries(unshowable))
    it(name, async () => {
      await using m = mill()
      const { broker, router } = m
      const fail = (): never => {
        throw make()
      }
      router.handle('sync', { subscriber: broker, topic: 't', redeliver: twice }, fail)
      router.handle('async', { subscriber: broker, topic: 't', redeliver: twice }, async () => fail())
      router.handle('key', { subscriber: broker, topic: 't', redeliver: twice, orderBy: fail }, () => undefined)
      router.batch('batch', { subscriber: broker, topic: 't', redeliver: twice, batch: { size: 2 } }, fail)
      router.handle('decode', { subscriber: broker, topic: { name: 't', decode: fail } }, () => undefined)
      await m.run()

      await m.publish('t', 'a', 'b')
      for (let i = 0; i < 5; i++) {
        await m.clock.advance(10)
        await turns()
      }

      for (const handler of ['sync', 'async', 'key', 'batch', 'decode']) {
        const dead = await everything(broker, `t.${handler}.dead`)
        expect(dead.map(({ message }) => text(message)).toSorted(), handler).toEqual(['a', 'b'])
        expect(provenance(dead[0]!.message)?.error, handler).toEqual(expect.any(String)) // there are two
        expect(router.stats[handler], handler).toMatchObject({ inFlight: 0, rejected: 2 })
      }
    })
})

// Thenables are the point here.
/* oxlint-disable unicorn/no-thenable */
describe('a result that only looks like a promise', () => {
  const odd: Readonly<Record<string, { result: () => unknown; acked: number }>> = {
    'calls back twice': { result: () => ({ then: (done: () => void) => (done(), done()) }), acked: 2 },
    'resolves and rejects': {
      result: () => ({ then: (done: () => void, fail: (error: Error) => void) => (done(), fail(new Error('late'))) }),
      acked: 2,
    },
    'throws when it is waited for': {
      result: () => ({
        then() {
          throw new Error('no')
        },
      }),
      acked: 0,
    },
    'throws when it is looked at': {
      result: () => ({
        get then(): never {
          throw new Error('no')
        },
      }),
      acked: 0,
    },
  }
  for (const [name, { result, acked }] of Object.entries(odd))
    it(`that ${name} is settled once`, async () => {
      await using m = mill()
      m.router.handle('h', { subscriber: m.broker, topic: 't', redeliver: { attempts: 1 } }, result as () => undefined)
      await m.run()

      await m.publish('t', 'a', 'b')

      expect(m.router.stats['h']).toMatchObject({ received: 2, acked, rejected: 2 - acked, inFlight: 0 })
    })
})
/* oxlint-enable unicorn/no-thenable */

test('a backoff of one’s own that throws or gives nonsense delays like the usual one, and spins nothing', async () => {
  for (const backoff of [
    () => Number.NaN,
    () => -1,
    () => Infinity,
    () => undefined as never,
    () => {
      throw new Error('no')
    },
  ]) {
    const clock = virtualClock()
    const broker = memory({ clock })
    const subscription = await broker.subscribe('t', { group: 'g', backoff })
    await broker.publish('t', message('a'))
    const [delivery] = [await subscription.receive()]

    delivery.nack({ error: new Error('failed') })
    await subscription.flush()
    await clock.advance(100)

    expect(subscription.tryReceive()?.attempt).toBe(2)
    await broker.close({ timeout: 0 })
  }
})

test('with an order a message that expires while it waits for its retry opens its key', async () => {
  await using m = mill()
  const handled: string[] = []
  m.router.handle(
    'h',
    { subscriber: m.broker, topic: 't', orderBy: () => 'k', redeliver: { backoff: { base: 5000, max: 5000, jitter: 'none' } } }, // prettier-ignore
    one => {
      handled.push(text(one))
      if (text(one) === 'mortal') throw new Error('no')
    },
  )
  await m.run()

  await m.broker.publish('t', message('mortal'), { ttl: 1000 })
  await m.publish('t', 'next')
  await m.clock.advance(999)
  expect(handled).toEqual(['mortal'])
  await m.clock.advance(1)
  await turns()

  expect(handled).toEqual(['mortal', 'next'])
  expect(m.router.stats['h']).toMatchObject({ inFlight: 0, waiting: 0 })
})

test('a lost delivery opens its own key and no other', async () => {
  const clock = virtualClock()
  const broker = memory({ clock })
  const router = new Router({ clock, logger: captureLogger() })
  const handled: string[] = []
  router.handle(
    'h',
    {
      subscriber: transformSubscriber(broker, one => ({ ...one })),
      publisher: broker,
      topic: 't',
      concurrency: 8,
      orderBy: ({ message }) => message.key,
      subscribe: { lease: 1000, maxLease: 1000 },
      redeliver: { backoff: { base: 60_000, max: 60_000, jitter: 'none' } },
    },
    (one, { delivery, signal }) => {
      handled.push(`${text(one)} ${delivery.attempt}`)
      // The first of key a outlives its lease; the first of key b fails long after, and is waited for.
      if (text(one) === 'a1' && delivery.attempt === 1) return new Promise(end => signal.addEventListener('abort', end)) as never // prettier-ignore
      if (text(one) === 'b1' && delivery.attempt === 1) throw new Error('no')
    },
  )
  void router.run()
  await router.running
  await broker.publish('t', message('a1', { key: 'a' }))
  await turns()
  await clock.advance(900)
  for (const one of ['b1', 'b2']) await broker.publish('t', message(one, { key: 'b' }))
  await turns()
  expect(handled).toEqual(['a1 1', 'b1 1'])

  await clock.advance(2500)
  await turns()

  expect(handled).toEqual(['a1 1', 'b1 1', 'a1 2'])
  await router.close({ timeout: 0 })
  await broker.close({ timeout: 0 })
})

test('a handler that publishes to its own full topic ends by the publish’s timeout, and nothing hangs', async () => {
  const clock = virtualClock()
  const broker = memory({ clock, capacity: { messages: 1 } })
  const router = new Router({ clock, logger: captureLogger() })
  const outcomes: string[] = []
  router.handle(
    'h',
    { subscriber: broker, topic: 't', redeliver: { attempts: 1 }, deadLetter: false },
    async (_, context) => {
      // prettier-ignore
      await context.publish('t', message('again'), { timeout: 1000 }).then(
      () => outcomes.push('published'),
      (error: { code: string }) => outcomes.push(error.code),
    )
    },
  )
  void router.run()
  await router.running
  await broker.publish('t', message('first'))
  await turns()
  await clock.advance(1000)
  await turns()

  expect(outcomes).toEqual(['PUBLISH_FAILED'])
  expect(router.stats['h']).toMatchObject({ acked: 1, inFlight: 0 })
  await router.close({ timeout: 0 })
  await broker.close({ timeout: 0 })
})

test('a handler that settles by hand, twice and too late harms nobody', async () => {
  await using m = mill()
  const kept: Delivery[] = []
  m.router.handle('h', { subscriber: m.broker, topic: 't' }, (_, { delivery }) => {
    kept.push(delivery)
    delivery.ack()
    delivery.ack()
    expect(() => delivery.nack()).toThrow('ack()')
    expect(() => delivery.reject()).toThrow('ack()')
    expect(() => delivery.release()).toThrow('ack()')
  })
  await m.run()
  await m.publish('t', 'a', 'b')
  await m.router.close()
  await m.broker.close()
  await turn()

  expect(kept.map(delivery => delivery.ack())).toEqual([true, true])
  expect(m.router.stats['h']).toMatchObject({ acked: 2, inFlight: 0 })
})

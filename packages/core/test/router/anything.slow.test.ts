import { expect, test } from 'vitest'
import type { Message } from '../../src/contract.ts'
import type { Context } from '../../src/handler.ts'
import type { MemoryOptions } from '../../src/memory/index.ts'
import { message } from '../../src/message.ts'
import type { HandlerSpec } from '../../src/router/spec.ts'
import { harness } from '../../src/testing/index.ts'
import type { Harness } from '../../src/testing/index.ts'
import { turns } from './kit.ts'
import { chance } from './chance.ts'
import type { Chance } from './chance.ts'

const runs = process.env['MILLRACE_FULL'] ? 3_000 : 150
const STEPS = 40

/** Any handler there may be: every policy or none, every option that changes who has a message when. */
function spec(from: Chance, { broker }: Harness): HandlerSpec & { readonly topic: string } {
  const { is, pick } = from
  return {
    subscriber: broker,
    topic: 't',
    concurrency: pick([1, 2, 8]),
    redeliver: { attempts: 5, backoff: { base: 10, max: 1_000 } },
    subscribe: { prefetch: pick([1, 3, 64]), ...(is(0.4) && { lease: 100, maxLease: pick([100, 1_000]) }) },
    ...(is(0.5) && { orderBy: ({ message }) => message.key }),
    ...(is(0.5) && { retry: { attempts: 2, base: 10, max: 10 } }),
    ...(is(0.3) && { timeout: 50 }),
    ...(is(0.3) && { throttle: { rate: 3, per: 100 } }),
    ...(is(0.3) && { breaker: { failures: 2, cooldown: 200 } }),
    ...(is(0.3) && { bulkhead: { limit: 1 } }),
    ...(is(0.3) && { dedupe: {} }),
  }
}

/** A handler that does whatever handlers do. Throws what must never be seen: two of one key at a time. */
function handler(
  from: Chance,
  { clock }: Harness,
  ordered: boolean,
): (one: Message, context: Context) => Promise<void> {
  const atWork = new Set<string | undefined>()
  return async ({ key }, context) => {
    const { delivery, signal } = context
    // A lease may end while its handler ignores that: then another attempt is right to begin.
    if (ordered && atWork.has(key)) throw new Error(`two of key '${key}' at a time`)
    atWork.add(key)
    try {
      const dice = from.next()
      if (dice < 0.2) throw new Error('failed')
      else if (dice < 0.3)
        await new Promise<void>((resolve, reject) => {
          const timer = clock.after(from.next() * 300, resolve)
          signal.addEventListener('abort', () => (timer.cancel(), reject(signal.reason as Error)))
        })
      else if (dice < 0.35) await new Promise<void>(resolve => clock.after(200, resolve))
      else if (dice < 0.4) delivery.nack({ delay: 5 })
      else if (dice < 0.43) delivery.release()
      else if (dice < 0.46) delivery.reject({ reason: 'no' })
      else if (dice < 0.5) await context.publish('other', message('y'), { timeout: 100 })
      else if (dice < 0.52) delivery.ack()
    } finally {
      atWork.delete(key)
    }
  }
}

/** One thing that may happen meanwhile. */
async function step(from: Chance, { broker, clock, faults }: Harness, publishes: Promise<unknown>[]): Promise<void> {
  const { is, pick, next } = from
  const dice = next()
  if (dice < 0.6) {
    const options = {
      timeout: 500,
      ...(is(0.1) && { ttl: 1 + next() * 200 }),
      ...(is(0.1) && { delay: next() * 200 }),
      ...(is(0.1) && { priority: 3 }),
    }
    publishes.push(broker.publish('t', message('x', { key: pick(['a', 'b', 'c']) }), options).catch(() => undefined))
  } else if (dice < 0.8) await clock.advance(next() * 100)
  else if (dice < 0.84) faults.disconnect({ for: 1 + next() * 300 })
  else if (dice < 0.87) faults.failPublish(1, { outcome: pick(['refused', 'unknown']) })
  else if (dice < 0.9) faults.duplicate()
  else if (dice < 0.92) faults.delayPublish(50)
  else if (dice < 0.95) {
    const subscribing = broker.subscribe('t', is(0.5) ? { group: 'h' } : {})
    await clock.advance(3_000)
    const subscription = await subscribing
    subscription.tryReceive()
    void subscription.close({ timeout: pick([0, 10]) })
  } else await turns(1)
}

async function once(seed: number): Promise<void> {
  const from = chance(seed)
  const full: MemoryOptions = { capacity: { messages: 20 }, whenFull: from.pick(['block', 'refuse']) }
  const mill = harness({ memory: from.is(0.3) ? full : {} })
  const { broker, clock, router, faults, logger } = mill
  const how = spec(from, mill)
  const strict = how.orderBy !== undefined && how.subscribe?.lease === undefined
  router.handle('h', how, handler(from, mill, strict))
  const publishes: Promise<unknown>[] = []
  await mill.run()

  for (let i = 0; i < STEPS; i++) await step(from, mill, publishes)
  faults.clear()
  const early = from.is(0.3)
  if (!early) for (let i = 0; i < 60; i++) await clock.advance(500)
  const { pending, inFlight } = broker.statistics().topics['t']?.groups['h'] ?? { pending: 0, inFlight: 0 }
  const ends = [router.close({ timeout: from.pick([0, 100, 30_000]) }), broker.close({ timeout: 0 })]
  for (let i = 0; i < 8; i++) await clock.advance(5_000)

  await Promise.all([...ends, ...publishes])
  await clock.advance(100_000)
  expect(clock.pending, `seed ${seed}: no timer is left`).toBe(0)
  if (!early) expect({ pending, inFlight }, `seed ${seed}: all is settled`).toEqual({ pending: 0, inFlight: 0 })
  const two = logger.lines.filter(({ fields }) =>
    /two of key/.test(String((fields['error'] as Error | undefined)?.message)),
  )
  expect(two, `seed ${seed}: one of a key at a time`).toEqual([])
}

test('whatever happens in whatever order, all is settled or given back, and every close ends', async () => {
  for (let seed = 1; seed <= runs; seed++) await once(seed)
})

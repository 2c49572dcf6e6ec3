/** How cases read a subscription. Every wait is bounded; a wait that ends early was aborted and loses nothing. */
import assert from 'node:assert/strict'
import type { Delivery, Subscription } from 'millrace'
import { isMillraceError } from 'millrace'
import type { Kit } from './kit.ts'
import { within } from './waiting.ts'

/** The next delivery, un-settled. */
export async function next(kit: Kit, from: Subscription, patience: number = kit.patience): Promise<Delivery> {
  await kit.breathe()
  const here = from.tryReceive()
  if (here) return here
  const controller = new AbortController()
  const wait = from.receive({ signal: controller.signal })
  return within(wait, patience, 'a delivery', () => {
    wait.catch(() => undefined)
    controller.abort()
  })
}

/** So many deliveries, un-settled. */
export async function take(kit: Kit, from: Subscription, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  while (taken.length < count) taken.push(await next(kit, from))
  return taken
}

/**
 * Watermill's bulkRead: acknowledges until it has seen `limit` different messages. A message that comes twice is
 * acknowledged and counted once: at-least-once allows it. Fails when nothing new comes for `patience`.
 */
export async function read(
  kit: Kit,
  from: Subscription,
  limit: number,
  patience: number = kit.patience,
): Promise<Delivery[]> {
  const seen = new Map<string, Delivery>()
  let last = performance.now()
  while (seen.size < limit) {
    if (performance.now() - last > patience) throw new Error(`${seen.size} of ${limit} messages came, again and again`)
    const delivery = await next(kit, from, patience).catch(error => {
      throw new Error(`${seen.size} of ${limit} messages came`, { cause: error })
    })
    delivery.ack()
    if (seen.has(delivery.message.id)) continue
    seen.set(delivery.message.id, delivery)
    last = performance.now()
  }
  return [...seen.values()]
}

/** Reads several subscriptions at once, as one stream, until `limit` different messages were seen. */
export async function readMerged(
  kit: Kit,
  from: readonly Subscription[],
  limit: number,
  patience: number = kit.patience,
): Promise<Delivery[]> {
  const seen = new Map<string, Delivery>()
  const controller = new AbortController()
  const pump = async (subscription: Subscription): Promise<void> => {
    while (!controller.signal.aborted) {
      try {
        await kit.breathe()
        const delivery = await subscription.receive({ signal: controller.signal })
        delivery.ack()
        if (!seen.has(delivery.message.id)) seen.set(delivery.message.id, delivery)
        if (seen.size >= limit) controller.abort()
      } catch (error) {
        if (controller.signal.aborted) return
        controller.abort()
        throw error
      }
    }
  }
  const pumps = Promise.all(from.map(pump))
  await within(pumps, patience, `${limit} messages from ${from.length} subscriptions`, () => controller.abort()).catch(
    error => {
      throw new Error(`${seen.size} of ${limit} messages came`, { cause: error })
    },
  )
  return [...seen.values()]
}

/** Asserts that nothing comes for `ms`. */
export async function silent(kit: Kit, from: Subscription, ms: number = kit.quiet): Promise<void> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), ms)
  const wait = from.receive({ signal: controller.signal })
  try {
    const extra = await within(wait, ms + kit.patience, 'receive() to end after its abort')
    assert.fail(`nothing more should come, but ${extra.message.id} did (attempt ${extra.attempt})`)
  } catch (error) {
    if (!isMillraceError(error, 'ABORTED')) throw error
  } finally {
    clearTimeout(timer)
  }
}

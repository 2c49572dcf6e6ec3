import assert from 'node:assert/strict'
import type { Broker } from 'millrace'
import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import type { Kit } from '../../kit/kit.ts'
import { simple } from '../../kit/messages.ts'
import { next, take } from '../../kit/reading.ts'
import { pass } from '../../kit/waiting.ts'
import { nothing } from '../../needs.ts'

export const nothingLeftRunning: Case = {
  title: 'a broker that is closed leaves no timer, socket or other handle behind',
  alone: true,
  needs: nothing,
  async run(kit) {
    await pass(0) // so that the timer of this case's own limit is counted
    const before = resources()

    await useAndClose(kit, await kit.broker())

    const left = await remaining(before, kit.patience)
    assert.deepEqual(left, {}, 'handles that keep the process alive')
  },
}

/** Everything that may start a timer: waits, retries, batches, delays, an unsettled message at the close. */
async function useAndClose(kit: Kit, broker: Broker): Promise<void> {
  const topic = kit.topic()
  const subscription = await kit.filled(topic, simple(4), kit.group())
  const [first, second, third] = await take(kit, subscription, 3)
  first!.ack()
  second!.nack(kit.capabilities.nackDelay === false ? {} : { delay: 60_000 })
  third!.release()
  const controller = new AbortController()
  const batches = subscription.batches({ size: 50, within: 60_000, signal: controller.signal })
  const batch = batches[Symbol.asyncIterator]().next()
  batch.catch((error: unknown) => {
    if (!isMillraceError(error)) throw error
  })
  if (kit.capabilities.publishDelay) await broker.publish(topic, simple(1), { delay: 60_000 })
  controller.abort()
  await next(kit, subscription)
  await broker.close({ timeout: 1 })
}

/** Waits for what ends by itself in a moment (a socket that is closing) and tells what does not. */
async function remaining(before: Record<string, number>, patience: number): Promise<Record<string, number>> {
  const end = performance.now() + patience
  for (;;) {
    const now = resources()
    const left: Record<string, number> = {}
    for (const [kind, count] of Object.entries(now)) {
      const more = count - (before[kind] ?? 0)
      if (more > 0) left[kind] = more
    }
    if (Object.keys(left).length === 0 || performance.now() > end) return left
    await pass(10)
  }
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

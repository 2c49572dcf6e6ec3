import assert from 'node:assert/strict'
import type { Failure, Message } from 'millrace'
import { isMillraceError } from 'millrace'
import type { Case } from '../../case.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import { within } from '../../kit/waiting.ts'
import { all, redelivers, restart } from '../../needs.ts'

/** Batches, messages in each, how many publish at once, and after how many batches the broker restarts. */
const BATCHES = 60
const SIZE = 20
const PUBLISHERS = 6
const RESTART_AFTER = 20

export const partialFailure: Case = {
  title: 'a publish that a broken link cuts says of each message whether it was accepted, and tells the truth',
  alone: true,
  needs: all(restart, redelivers),
  async run(kit) {
    const topic = kit.topic()
    const broker = await kit.broker()
    const group = kit.group()
    const batches = Array.from({ length: BATCHES }, () => simple(SIZE))
    const accepted = new Set<string>()
    const refused = new Set<string>()
    const publish = async (batch: readonly Message[]): Promise<void> => {
      const failures = await broker.publish(topic, batch).then(
        () => [],
        (error: unknown) => checkedFailures(error, batch),
      )
      const failed = new Map(failures.map(failure => [failure.id, failure]))
      for (const one of batch) {
        const failure = failed.get(one.id)
        if (!failure) accepted.add(one.id)
        else if (failure.outcome === 'refused') refused.add(one.id)
      }
    }

    const early = kit.order === 'subscribe-first' ? await kit.subscribe(broker, topic, group) : undefined
    if (!early) await kit.declare(topic, group.group)
    let restarting: Promise<void> | undefined
    let done = 0
    const work = async (): Promise<void> => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) {
        await publish(batch)
        if (++done === RESTART_AFTER) restarting = kit.restart()
      }
    }
    const publishing = Promise.all(Array.from({ length: PUBLISHERS }, work))
    await within(publishing, 4 * kit.patience, 'every publish to end')
    await restarting
    const subscription = early ?? (await kit.subscribe(broker, topic, group))
    const missing = new Set(accepted)
    const [marker] = simple(1)
    await kit.publish(topic, marker!)
    for (let seen = false; missing.size > 0 || !seen;) {
      const delivery = await next(kit, subscription)
      delivery.ack()
      const { id } = delivery.message
      assert.ok(!refused.has(id), `${id} was said to be refused, but it arrived`)
      missing.delete(id)
      if (id === marker!.id) seen = true
    }
  },
}

function checkedFailures(error: unknown, batch: readonly Message[]): readonly Failure[] {
  assert.ok(isMillraceError(error, 'PUBLISH_FAILED'), `expected PUBLISH_FAILED, got ${String(error)}`)
  assert.ok(error.failures.length > 0, 'failures names those that were not accepted')
  for (const failure of error.failures) {
    assert.equal(failure.id, batch[failure.index]?.id, "a failure's index and id name the same message")
    assert.ok(['refused', 'unknown'].includes(failure.outcome))
    assert.ok(isMillraceError(failure.error), "a failure's error has a code")
  }
  return error.failures
}

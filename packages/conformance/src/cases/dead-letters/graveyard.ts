import type { Subscription } from 'millrace'
import type { Kit } from '../../kit/kit.ts'

/** A backoff that hardly waits. */
export const QUICK = { base: 1, max: 1, jitter: 'none' } as const

/** A consumer of a dead-letter topic that stands before anything dies. */
export async function graveyard(kit: Kit, topic: string): Promise<Subscription> {
  const group = kit.group()
  await kit.declare(topic, group.group)
  return kit.subscribe(await kit.broker(), topic, { ...group, deadLetter: false })
}

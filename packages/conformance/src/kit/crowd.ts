import type { Subscription } from 'millrace'
import type { Kit } from './kit.ts'

export interface CrowdOptions {
  readonly topic: string
  readonly group: string | undefined
  readonly size: number
  /** Publishes what the crowd is to read: before it subscribes, where the broker keeps it. */
  readonly fill: () => Promise<void>
}

/** Watermill's multiplied subscriber: so many consumers of one group, each on an instance of its own where it can be. */
export async function crowd(kit: Kit, options: CrowdOptions): Promise<Subscription[]> {
  const { topic, group, size, fill } = options
  const first = kit.order === 'publish-first' && group !== undefined
  if (first) {
    await kit.declare(topic, group)
    await fill()
  }
  const consumers = await Promise.all(
    Array.from({ length: size }, async () =>
      kit.subscribe(await kit.another(), topic, group === undefined ? {} : { group }),
    ),
  )
  if (!first) await fill()
  return consumers
}

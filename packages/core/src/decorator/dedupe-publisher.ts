import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import type { Message, Publisher } from '../contract.ts'
import { newId } from '../id.ts'
import type { DedupeOptions } from '../policy/dedupe.ts'
import { memoryDedupeStore } from '../policy/dedupe-store.ts'

/**
 * A publisher that leaves out what it has published before, or is publishing now: claimed before the publish, confirmed
 * when it was accepted, released when it was not. Options as for `dedupe`.
 */
export function dedupePublisher(
  publisher: Publisher,
  options: DedupeOptions & { readonly clock?: Clock } = {},
): Publisher {
  const { key = ({ id }: Message) => id, ttl = 3_600_000, lease = 300_000, clock = systemClock } = options
  const store = options.store ?? memoryDedupeStore({ clock })
  return {
    async publish(topic, messages, publishOptions) {
      const list: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
      const token = newId()
      const fresh: Message[] = []
      const claimed: string[] = []
      try {
        for (const message of list) {
          const own = key(message)
          const answer = own === undefined ? 'claimed' : await store.claim(own, { token, lease })
          if (answer !== 'claimed') continue
          if (own !== undefined) claimed.push(own)
          fresh.push(message)
        }
        if (fresh.length > 0) await publisher.publish(topic, fresh, publishOptions)
      } catch (error) {
        for (const own of claimed) await store.release(own, { token })
        throw error
      }
      for (const own of claimed) await store.confirm(own, { token, ttl })
    },
  }
}

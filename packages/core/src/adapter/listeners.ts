import type { SubscriptionEvent, SubscriptionEventName } from '../contract.ts'
import { method } from '../bounds.ts'
import { MillraceError } from '../errors.ts'
import { warn } from '../warning.ts'

const EVENTS: readonly SubscriptionEventName[] = ['up', 'down', 'gap', 'lost']

/** Who listens to a subscription's fate. A listener that throws is reported as a warning and harms nobody else. */
export class Listeners {
  readonly #listeners = new Map<SubscriptionEventName, Set<(event: SubscriptionEvent) => void>>()

  /** @throws BAD_OPTION */
  on(event: SubscriptionEventName, listener: (event: SubscriptionEvent) => void): () => void {
    if (!EVENTS.includes(event))
      throw new MillraceError('BAD_OPTION', `there is no event '${String(event)}'; there are ${EVENTS.join(', ')}`)
    method(`a listener for '${event}'`, listener)
    let set = this.#listeners.get(event)
    if (!set) this.#listeners.set(event, (set = new Set()))
    set.add(listener)
    return () => void set.delete(listener)
  }

  tell(event: SubscriptionEvent): void {
    for (const listener of this.#listeners.get(event.event) ?? []) {
      try {
        listener(event)
      } catch (error) {
        warn(`a listener for '${event.event}' threw`, error)
      }
    }
  }
}

import { BACKOFF, backoff } from '../adapter/backoff.ts'
import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import type { BackoffOptions, Failure, Message, Publisher } from '../contract.ts'
import { CODES, isMillraceError, MillraceError } from '../errors.ts'
import { known, whole } from '../bounds.ts'
import { sleep } from '../policy/sleep.ts'

/** How often, and how long between. */
export interface RetryPublisherOptions extends BackoffOptions {
  /** Calls in all, 1 to 1,000. Default 5. */
  readonly attempts?: number
  readonly clock?: Clock
}

const OPTIONS = { ...BACKOFF, attempts: true, clock: true } satisfies Record<keyof RetryPublisherOptions, true>

/**
 * A publisher that publishes again what was not accepted, and only that. A failure that trying again cannot mend is not
 * tried again. Rejects PUBLISH_FAILED with the failures that are left, their indexes those of the first call. @throws BAD_OPTION
 */
export function retryPublisher(publisher: Publisher, options: RetryPublisherOptions = {}): Publisher {
  known('retryPublisher', options, OPTIONS)
  const { attempts = 5, clock = systemClock } = options
  whole('retryPublisher.attempts', attempts, 1, 1000)
  const wait = backoff(options)
  return {
    async publish(topic, messages, publishOptions) {
      const list: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
      let left = list.map((message, index) => ({ message, index }))
      const final: Failure[] = []
      for (let attempt = 1; ; attempt++) {
        try {
          await publisher.publish(
            topic,
            left.map(({ message }) => message),
            publishOptions,
          )
          left = []
        } catch (error) {
          const failures = isMillraceError(error, 'PUBLISH_FAILED') ? error.failures : []
          if (failures.length === 0 && isMillraceError(error) && !CODES[error.code].retry) throw error
          const places = left
          const failed =
            failures.length > 0
              ? failures.map(failure => ({ ...failure, index: places[failure.index]?.index ?? failure.index }))
              : places.map(({ message, index }) => ({
                  index,
                  id: message.id,
                  outcome: 'unknown' as const,
                  error: error as Error,
                }))
          const again = new Set<number>()
          for (const failure of failed)
            if (attempt < attempts && mendable(failure)) again.add(failure.index)
            else final.push(failure)
          left = places.filter(({ index }) => again.has(index))
        }
        if (left.length === 0) break
        await sleep(clock, wait(attempt), publishOptions?.signal)
      }
      if (final.length === 0) return
      throw new MillraceError('PUBLISH_FAILED', `${final.length} of ${list.length} messages were not accepted`, {
        cause: final[0]?.error,
        failures: final.sort((a, b) => a.index - b.index),
      })
    },
  }
}

function mendable({ error }: Failure): boolean {
  return !isMillraceError(error) || CODES[error.code].retry
}

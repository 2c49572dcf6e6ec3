import type { Message } from 'millrace'
import { isMillraceError } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { mutant } from './mutant.ts'

/** Faults of publishing: what is accepted is not what arrives. */
export const publishing: readonly Mutant[] = [
  mutant('drops what exceeds a thousand in a batch', [cases.largeBatch], () => ({
    publish: (next, topic, messages, options) => next(topic, messages.slice(0, 1000), options),
  })),
  mutant(
    'drops the ninetieth message that is published by itself',
    [cases.publisherClose, cases.concurrentSubscribe],
    () => {
      const counts = new Map<string, number>()
      return {
        async publish(next, topic, messages, options) {
          const count = (counts.get(topic) ?? 0) + messages.length
          counts.set(topic, count)
          if (count !== 90 || messages.length !== 1) await next(topic, messages, options)
        },
      }
    },
  ),
  mutant('sends every message of twenty twice', [cases.deliveredOnce, cases.broadcasts], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages.length === 20 ? messages.flatMap(one => [one, one]) : messages, options),
  })),
  mutant('drops a message that it has seen before', [cases.sameMessageTwice], () => {
    const seen = new Set<string>()
    return {
      publish(next, topic, messages, options) {
        const fresh = messages.filter(one => !seen.has(topic + one.id) && seen.add(topic + one.id))
        return next(topic, fresh, options)
      },
    }
  }),
  mutant('sends the good part of a bad batch', [cases.refusedWhole, cases.tooLarge], () => ({
    async publish(next, topic, messages, options) {
      for (const one of messages) await next(topic, one === messages[0] ? messages.slice(0, 1) : [one], options)
      if (messages.length === 0) await next(topic, messages, options)
    },
  })),
  mutant('swallows a refused publish', [cases.refusedWhole, cases.tooLarge, cases.metadataChecked], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'TOO_LARGE') && !isMillraceError(error, 'INVALID_METADATA')) throw error
      }),
  })),
  mutant('publishes although it was aborted beforehand', [cases.publishAborted], () => ({
    publish(next, topic, messages, options) {
      const { signal: _, ...rest } = options ?? {}
      return next(topic, messages, rest)
    },
  })),
  mutant('never ends a publish of nothing', [cases.emptyBatch], () => ({
    publish: (next, topic, messages, options) =>
      messages.length === 0 && !options ? new Promise(() => undefined) : next(topic, messages, options),
  })),
  mutant('takes any publish option', [cases.publishOptionsChecked], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'BAD_OPTION')) throw error
      }),
  })),
  mutant('ignores a dedupeId', [cases.deduplicated], () => ({
    publish(next, topic, messages, options) {
      const { dedupeId: _, ...rest } = options ?? {}
      return next(topic, messages, rest)
    },
  })),
  mutant('keeps nothing for a group that was only declared', [cases.declared, cases.lagCounted], () => ({
    broker: inner => ({
      declare: (topic, { group, ...rest } = {}) =>
        inner.declare(topic, group === undefined || /^g-[0-9a-f-]+$/.test(group) ? rest : { group }),
    }),
  })),
  mutant('ignores a delay', [cases.publishDelayed], () => ({
    publish(next, topic, messages, options) {
      const { delay, ...rest } = options ?? {}
      const checked = typeof delay === 'number' && !(delay >= 0 && delay < 1e9) // left to the broker to refuse
      return next(
        topic,
        messages,
        checked || (delay instanceof Date && !(delay.getTime() < Date.now() + 1e9)) ? options : rest,
      )
    },
  })),
  mutant('clips a delay that is too long', [cases.delayTooLong], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'DELAY_TOO_LONG')) throw error
      }),
  })),
  mutant('refuses a delay to a moment that is over', [cases.pastDelay], () => ({
    publish: (next, topic, messages, options) =>
      next(
        topic,
        messages,
        options?.delay instanceof Date && options.delay.getTime() < Date.now() ? { delay: -1 } : options,
      ),
  })),
  mutant('ignores a ttl', [cases.expiredStaysAway, cases.expiredInBuffer], () => ({
    publish(next, topic, messages, options) {
      const { ttl, ...rest } = options ?? {}
      return next(topic, messages, ttl !== undefined && ttl < 0 ? options : rest)
    },
  })),
  mutant('takes a ttl for microseconds', [cases.expiredStaysAway], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages, options?.ttl === undefined ? options : { ...options, ttl: options.ttl / 1e6 }),
  })),
  mutant('ignores a priority', [cases.priorities], () => ({
    publish(next, topic, messages, options) {
      const { priority, ...rest } = options ?? {}
      return next(topic, messages, priority !== undefined && priority > 9 ? options : rest)
    },
  })),
  mutant('lets equals of a priority overtake', [cases.priorities], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, options?.priority ? messages.toReversed() : messages, options),
  })),
  mutant('swaps neighbours of a key', [cases.keyOrder], () => {
    const held = new Map<string, Message>()
    return {
      // Where messages are published one by one with the keys k0 and so on, every other is held until the next.
      async publish(next, topic, messages, options) {
        const [one] = messages
        if (messages.length !== 1 || one?.key !== 'k0') return next(topic, messages, options)
        const before = held.get(topic)
        if (before) {
          held.delete(topic)
          return next(topic, [one, before], options)
        }
        held.set(topic, one)
      },
    }
  }),
  mutant('swaps neighbours in a batch', [cases.inOrder, cases.largeBatch], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages.length > 5 ? swapped(messages) : messages, options),
  })),
]

function swapped(messages: readonly Message[]): Message[] {
  const list = [...messages]
  for (let i = 1; i + 16 < list.length; i += 17) [list[i], list[i + 16]] = [list[i + 16]!, list[i]!] // within the list
  return list
}

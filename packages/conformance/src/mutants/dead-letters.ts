import type { Delivery, Message, SubscribeOptions } from 'millrace'
import { isMillraceError } from 'millrace'
import * as cases from '../cases.ts'
import type { Fault, Mutant } from './mutant.ts'
import { mutant, overlay } from './mutant.ts'

/** Faults of dead letters: they are lost, go elsewhere, or say nothing. */
export const deadLetters: readonly Mutant[] = [
  mutant('allows one attempt too many', [cases.maxDeliveriesReached, cases.discarded, cases.provenanceKept], () =>
    subscribing(options =>
      !options.maxDeliveries ? options : { ...options, maxDeliveries: options.maxDeliveries + 1 },
    ),
  ),
  mutant(
    'acknowledges what is rejected and buries nothing',
    [
      cases.rejected,
      cases.otherAgain,
      cases.deadBeforeAck,
      cases.namedDeadLetters,
      cases.provenanceTrimmed,
      cases.deadUnderPattern,
    ],
    () => ({
      delivery: (inner, _subscription, { group }) =>
        overlay(inner, { reject: options => (group === undefined ? inner.reject(options) : inner.ack()) }),
    }),
  ),
  mutant(
    'takes a rejection for a failure',
    [
      cases.rejected,
      cases.deadBeforeAck,
      cases.discarded,
      cases.namedDeadLetters,
      cases.provenanceTrimmed,
      cases.deadUnderPattern,
    ],
    () => ({
      delivery: (inner, _subscription, { group }) =>
        overlay(inner, {
          reject: options =>
            group === undefined ? inner.reject(options) : inner.nack({ error: options?.error ?? options?.reason }),
        }),
    }),
  ),
  mutant("loses a dead letter's group", [cases.provenanceKept], () =>
    buried(one => withoutKeys(one, ['millrace-dead-group'])),
  ),
  mutant("loses a dead letter's stack", [cases.provenanceKept], () =>
    buried(one => withoutKeys(one, ['millrace-dead-stack'])),
  ),
  mutant("loses a dead letter's key", [cases.provenanceKept], () =>
    buried(one => {
      const { key: _, ...rest } = one
      return rest
    }),
  ),
  mutant(
    'gives a dead letter a new id',
    [
      cases.provenanceKept,
      cases.deadBeforeAck,
      cases.maxDeliveriesReached,
      cases.namedDeadLetters,
      cases.rejected,
      cases.deadUnderPattern,
    ],
    () => buried(one => ({ ...one, id: `dead-${one.id}` })),
  ),
  mutant("counts a dead letter's attempts wrongly", [cases.provenanceKept, cases.rejected], () =>
    buried(one => ({ ...one, metadata: { ...one.metadata, 'millrace-dead-attempts': '0' } })),
  ),
  mutant("keeps an error's whole history", [cases.provenanceTrimmed], () =>
    buried(one => ({
      ...one,
      metadata: {
        ...one.metadata,
        'millrace-dead-stack': `${one.metadata['millrace-dead-stack'] ?? ''} at `.padEnd(5000),
      },
    })),
  ),
  mutant('buries elsewhere than it was told', [cases.namedDeadLetters], () =>
    subscribing(({ deadLetter, ...options }) =>
      typeof deadLetter === 'string' ? options : { ...options, ...(deadLetter === false && { deadLetter }) },
    ),
  ),
  mutant('buries what was to be discarded', [cases.discarded], () =>
    subscribing(({ deadLetter, ...options }) => ({ ...options, ...(deadLetter && { deadLetter }) })),
  ),
  mutant('lets a message be rejected to nowhere', [cases.noDeadLetter], () => ({
    delivery: inner =>
      overlay(inner, {
        reject(options) {
          try {
            return inner.reject(options)
          } catch (error) {
            if (!isMillraceError(error, 'NO_DEAD_LETTER')) throw error
            return inner.ack()
          }
        },
      }),
  })),
  mutant("buries in the pattern's topic", [cases.deadUnderPattern], () => ({
    subscribe: (next, topics, options) =>
      next(
        topics,
        typeof topics === 'object' && !Array.isArray(topics) && options.deadLetter === undefined
          ? { ...options, deadLetter: 'patterns.dead' }
          : options,
      ),
  })),
  mutant('takes what is dead for one group for dead', [cases.deadForOneGroup], () => {
    const dead = new Set<string>()
    return {
      delivery(inner) {
        if (dead.has(inner.topic + inner.message.id) && inner.ack()) return undefined
        return overlay(inner, {
          reject(options) {
            const rejected = inner.reject(options)
            if (rejected) dead.add(inner.topic + inner.message.id)
            return rejected
          },
        })
      },
    }
  }),
  mutant('counts hand-outs as attempts', [cases.innocents], () => {
    const handed = new Map<string, number>()
    return {
      delivery(inner, _subscription, { group, maxDeliveries }) {
        if (maxDeliveries !== 3) return inner
        const key = `${inner.topic} ${inner.message.id} ${group ?? ''}`
        const count = (handed.get(key) ?? 0) + 1
        handed.set(key, count)
        if (count <= 3 || inner.attempt > 1) return inner
        inner.reject()
        return undefined
      },
    }
  }),
  mutant('acknowledges before it buries, and closes in between', [cases.deadBeforeAck], () => {
    const dying = new Set<Delivery>()
    let closed = false
    return {
      subscription: inner =>
        overlay(inner, {
          close(options) {
            closed = true
            for (const one of dying) one.ack()
            dying.clear()
            return inner.close(options)
          },
        }),
      delivery: (inner, _subscription, { group }) =>
        overlay(inner, {
          reject(options) {
            if (closed || group === undefined || dying.has(inner) || inner.signal.aborted) return inner.reject(options)
            dying.add(inner)
            setTimeout(() => dying.delete(inner) && !inner.signal.aborted && inner.reject(options), 5)
            return true
          },
        }),
    }
  }),
]

function subscribing(change: (options: SubscribeOptions) => SubscribeOptions): Fault {
  return { subscribe: (next, topics, options) => next(topics, change(options)) }
}

/** Changes messages as they arrive from a dead-letter topic. */
function buried(change: (one: Message) => Message): Fault {
  return {
    delivery: inner =>
      inner.message.metadata['millrace-dead-topic'] === undefined
        ? inner
        : overlay(inner, { message: change(inner.message) }),
  }
}

function withoutKeys(one: Message, keys: readonly string[]): Message {
  return { ...one, metadata: Object.fromEntries(Object.entries(one.metadata).filter(([key]) => !keys.includes(key))) }
}

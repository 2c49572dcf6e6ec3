import type { Capabilities } from 'millrace'
import { message } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { mutant, overlay } from './mutant.ts'

/** Faults that an operator sees: leases, lag, health, leaks, and capabilities that are not true. */
export const operation: readonly Mutant[] = [
  mutant('never ends a lease', [cases.leaseExpires], () => ({
    subscribe: (next, topics, options) => next(topics, options.lease === undefined ? options : { ...options, lease: 8e7, maxLease: 8e7 }), // prettier-ignore
  })),
  mutant('extends no lease by itself', [cases.leaseKept], () => ({
    // A quarter of the lease, so that it is over in time on a machine that is busy.
    subscribe: (next, topics, { lease, ...options }) =>
      next(topics, lease === undefined ? options : { ...options, lease: lease / 4, maxLease: lease / 4 }),
  })),
  mutant('grants an extension and forgets it', [cases.leaseExtended], () => ({
    delivery: inner => overlay(inner, { extend: async atLeast => atLeast ?? 0 }),
  })),
  mutant('tells nobody that a delivery was lost', [cases.leaseExpires], () => ({
    subscription: inner => overlay(inner, { on: () => () => undefined }),
  })),
  mutant('counts no lag for what was handed over', [cases.lagCounted], () => ({
    broker: inner => ({
      lag: async (topic, group) => {
        const lag = await inner.lag!(topic, group) // the memory broker has it
        return { ...lag, messages: Math.max(0, lag.messages - inner.health().inFlight) }
      },
    }),
  })),
  mutant('counts nothing in flight', [cases.healthTold], () => ({
    broker: inner => ({ health: () => ({ ...inner.health(), inFlight: 0 }) }),
  })),
  mutant('leaves a timer at each subscribe', [cases.nothingLeftRunning], () => ({
    async subscribe(next, topics, options) {
      setTimeout(() => undefined, 120_000)
      return next(topics, options)
    },
  })),
  mutant('leaves a listener at each receive', [cases.noListenersLeft], () => ({
    subscription: inner =>
      overlay(inner, {
        receive(options) {
          options?.signal?.addEventListener('abort', () => undefined)
          return inner.receive(options)
        },
      }),
  })),
  mutant('rejects a promise that nobody has', [cases.unAwaitedIsSafe], () => {
    // Only where somebody has come to look: anywhere else it would end the process.
    const before = process.listenerCount('unhandledRejection')
    return {
      subscription: inner =>
        overlay(inner, {
          close(options) {
            if (process.listenerCount('unhandledRejection') > before) void Promise.reject(new Error('nobody has it'))
            return inner.close(options)
          },
        }),
    }
  }),
  mutant('undoes nothing when a transaction fails', [cases.transactional], () => ({
    broker: inner => ({
      transaction: work =>
        work({
          publish: (topic, messages) => inner.publish(topic, messages),
          ack: delivery => void delivery.ack(),
          native: undefined,
        }),
    }),
  })),
  mutant('changes its capabilities when it opens', [cases.capabilitiesStated], () => {
    let opened = false
    return {
      broker: inner => ({
        async open(options) {
          await inner.open(options)
          opened = true
        },
        get capabilities() {
          return opened ? { ...inner.capabilities, priority: 0 } : inner.capabilities
        },
      }),
    }
  }),
  denying('groups', { groups: false }, [cases.unsupported[0]!]),
  denying('broadcast', { broadcast: false }, [cases.unsupported[1]!]),
  denying('replays', { replays: false }, [cases.unsupported[2]!]),
  denying('patterns', { patterns: false }, [cases.unsupported[3]!]),
  denying('leases', { leases: false }, [cases.unsupported[4]!]),
  denying('delays of a nack', { nackDelay: false }, [cases.unsupported[5]!]),
  denying('delays', { publishDelay: false }, [cases.unsupported[6]!]),
  denying('a ttl', { ttl: false }, [cases.unsupported[7]!]),
  denying('priorities', { priority: 0 }, [cases.unsupported[8]!]),
  denying('deduplication', { dedupes: 0 }, [cases.unsupported[9]!]),
  denying('transactions', { transactions: false }, [cases.capabilitiesStated]),
  mutant('promises an order that it does not keep', [cases.inOrder], () => ({
    broker: inner => ({
      publish: async (topic, messages, options) => {
        const list = Array.isArray(messages) ? messages : [messages]
        await inner.publish(topic, list.length === 100 ? list.toReversed() : messages, options)
      },
    }),
  })),
  mutant('promises larger messages than it takes', [cases.tooLarge], () => ({
    broker: inner => ({
      capabilities: { ...inner.capabilities, maxBytes: inner.capabilities.maxBytes + 1 },
      publish: (topic, messages, options) =>
        Array.isArray(messages) && messages.length === 2 && messages[1]!.payload.byteLength > inner.capabilities.maxBytes // prettier-ignore
          ? inner.publish(topic, [messages[0]!, message('cut')], options)
          : inner.publish(topic, messages, options),
    }),
  })),
]

/** Says that it cannot do what it can: asking for it must be refused. */
function denying(what: string, changes: Partial<Capabilities>, killedBy: Mutant['killedBy']): Mutant {
  return mutant(`denies ${what} and does it all the same`, killedBy, () => ({
    broker: inner => ({ capabilities: { ...inner.capabilities, ...changes } }),
  }))
}

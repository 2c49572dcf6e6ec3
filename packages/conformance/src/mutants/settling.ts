import type { Broker, Delivery } from 'millrace'
import { isMillraceError } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { mutant, overlay } from './mutant.ts'

/** Faults of settling: what was decided is not what happens. */
export const settling: readonly Mutant[] = [
  mutant(
    'acknowledges every fifth message as it hands it over',
    [cases.unsettledComesAgain, cases.continueAfterErrors, cases.deadBeforeAck, cases.takesOver, cases.lagCounted],
    () => {
      const counts = new Map<unknown, number>()
      return {
        delivery(inner, subscription) {
          const count = (counts.get(subscription) ?? 0) + 1
          counts.set(subscription, count)
          if (count % 5 !== 0) return inner
          inner.ack()
          return overlay(inner, { ack: () => true, nack: () => true, reject: () => true, release: () => true })
        },
      }
    },
  ),
  mutant('acknowledges everything up to the one that was', [cases.acksNothingBeyond], () => {
    const open: Delivery[] = []
    return {
      delivery(inner) {
        open.push(inner)
        return overlay(inner, {
          ack() {
            const beyond = open.splice(0, open.indexOf(inner) + 1)
            return beyond.map(one => tryAck(one)).at(-1) ?? inner.ack()
          },
        })
      },
    }
  }),
  mutant(
    'forgets every seventh acknowledgement',
    [cases.deliveredOnce, cases.flushed, cases.broadcasts, cases.competing, cases.lagCounted],
    () => {
      const counts = new Map<unknown, number>()
      return {
        delivery: (inner, subscription) =>
          overlay(inner, {
            ack() {
              const count = (counts.get(subscription) ?? 0) + 1
              counts.set(subscription, count)
              return count % 7 === 0 ? inner.release() : inner.ack()
            },
          }),
      }
    },
  ),
  mutant(
    'takes a nack for an acknowledgement',
    [
      cases.nackComesAgain,
      cases.resendOnError,
      cases.continueAfterErrors,
      cases.nackDelayed,
      cases.nackDelayTooLong,
      cases.backsOff,
      cases.otherAgain,
      cases.maxDeliveriesReached,
      cases.discarded,
      cases.provenanceKept,
      cases.attemptsMonotone,
      cases.attemptsDurable,
      cases.transactional,
    ],
    () => ({
      delivery: inner => overlay(inner, { nack: () => inner.ack() }),
    }),
  ),
  mutant("forgets a nack's delay", [cases.nackDelayed], () => ({
    delivery: inner =>
      overlay(inner, {
        nack: options =>
          inner.nack(options?.delay !== undefined && options.delay < 1e9 ? { ...options, delay: 0 } : options),
      }),
  })),
  mutant("clips a nack's delay", [cases.nackDelayTooLong], () => ({
    delivery: inner =>
      overlay(inner, {
        nack(options) {
          try {
            return inner.nack(options)
          } catch (error) {
            if (!isMillraceError(error, 'DELAY_TOO_LONG')) throw error
            return inner.nack({ delay: 1 })
          }
        },
      }),
  })),
  mutant('redelivers without a backoff', [cases.backsOff], () => ({
    delivery: inner => overlay(inner, { nack: options => inner.nack({ delay: 0, ...options }) }),
  })),
  mutant('counts a release as a failure', [cases.released], () => ({
    delivery: inner => overlay(inner, { release: () => inner.nack({ delay: 0 }) }),
  })),
  mutant('drops what is released', [cases.released, cases.releasedToOthers, cases.otherAgain], () => ({
    delivery: inner => overlay(inner, { release: () => inner.ack() }),
  })),
  mutant('throws at the same settlement again', [cases.sameAgain], () => ({
    delivery(inner) {
      let settled = false
      const once = (settle: () => boolean): boolean => {
        if (settled && inner.signal.reason && isMillraceError(inner.signal.reason, 'SETTLED')) throw inner.signal.reason
        settled = true
        return settle()
      }
      return overlay(inner, { reject: options => once(() => inner.reject(options)) })
    },
  })),
  mutant('ignores a second settlement of another kind', [cases.otherAgain], () => ({
    delivery(inner) {
      const quietly = (settle: () => boolean): boolean => {
        try {
          return settle()
        } catch (error) {
          if (!isMillraceError(error, 'SETTLED')) throw error
          return true
        }
      }
      return overlay(inner, { release: () => quietly(() => inner.release()) })
    },
  })),
  mutant(
    'never aborts the signal of what is settled',
    [cases.signalCodes, cases.messageCtx, cases.transactional],
    () => ({
      delivery(inner) {
        const { signal } = inner
        const controller = new AbortController()
        signal.addEventListener('abort', () => {
          if (!isMillraceError(signal.reason, 'SETTLED')) controller.abort(signal.reason)
        })
        return overlay(inner, { signal: controller.signal })
      },
    }),
  ),
  mutant('aborts every signal as lost', [cases.signalCodes, cases.transactional], () => ({
    delivery(inner) {
      const { signal } = inner
      const controller = new AbortController()
      signal.addEventListener('abort', () =>
        controller.abort(Object.assign(new Error('lost'), { name: 'MillraceError', code: 'LOST' })),
      )
      return overlay(inner, { signal: controller.signal })
    },
  })),
  mutant('loses an acknowledgement that a close meets', [cases.ackedStaysAway, cases.transactional], () => {
    let broker: Broker | undefined
    return {
      broker(inner) {
        broker = inner
        return {}
      },
      // What a consumer acknowledged last, when it had time for one only, is there again once it is closed.
      async subscribe(next, topics, options) {
        const own: Delivery[] = []
        const inner = await next(topics, options)
        return overlay(inner, {
          async close(how) {
            const closed = await inner.close(how)
            const [one] = own
            if (one && own.length === 1 && how?.timeout === 0) await broker?.publish(one.topic, one.message)
            return closed
          },
          receive: async how => watched(await inner.receive(how), own),
          tryReceive() {
            const delivery = inner.tryReceive()
            return delivery && watched(delivery, own)
          },
        })
      },
    }
  }),
  mutant('sends the tenth acknowledgement later than flush says', [cases.flushed], () => {
    const late = new Map<Delivery, NodeJS.Timeout>()
    const counts = new Map<unknown, number>()
    return {
      subscription: inner =>
        overlay(inner, {
          close(options) {
            for (const [delivery, timer] of late) {
              clearTimeout(timer)
              if (options?.timeout !== 0) delivery.ack()
            }
            late.clear()
            return inner.close(options)
          },
        }),
      delivery: (inner, subscription) =>
        overlay(inner, {
          ack() {
            const count = (counts.get(subscription) ?? 0) + 1
            counts.set(subscription, count)
            if (count !== 10) return inner.ack()
            late.set(inner, setTimeout(() => late.delete(inner) && inner.ack(), 5)) // prettier-ignore
            return true
          },
        }),
    }
  }),
  mutant('sends every attempt as the first', [cases.attemptsMonotone, cases.attemptsDurable], () => ({
    delivery: inner => overlay(inner, { attempt: 1 }),
  })),
  mutant('counts every other attempt', [cases.attemptsMonotone, cases.attemptsDurable], () => ({
    delivery: inner => overlay(inner, { attempt: Math.ceil(inner.attempt / 2) }),
  })),
  mutant('counts attempts anew for each consumer', [cases.attemptsDurable], () => {
    const first = new Map<string, { readonly by: unknown; readonly attempt: number }>()
    return {
      delivery(inner, subscription, options) {
        const key = `${inner.topic} ${inner.message.id} ${options.group ?? ''}`
        const known = first.get(key)
        if (known?.by !== subscription) first.set(key, { by: subscription, attempt: inner.attempt })
        return overlay(inner, { attempt: inner.attempt - (first.get(key)?.attempt ?? 1) + 1 })
      },
    }
  }),
]

function watched(inner: Delivery, acked: Delivery[]): Delivery {
  return overlay(inner, {
    ack() {
      acked.push(inner)
      return inner.ack()
    },
  })
}

function tryAck(one: Delivery): boolean {
  try {
    return one.ack()
  } catch (error) {
    if (!isMillraceError(error, 'SETTLED')) throw error
    return true // settled otherwise already
  }
}

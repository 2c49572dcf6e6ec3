import type { Delivery, Subscription } from 'millrace'
import { isMillraceError } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { mapped, mutant, overlay } from './mutant.ts'

/** Faults of the subscription: what is there is not given, or given otherwise than asked. */
export const reading: readonly Mutant[] = [
  mutant('yields what it has, however much', [cases.batchSize], () => ({
    subscription: inner =>
      overlay(inner, {
        batches: options => inner.batches({ ...options, size: options.size === 10 ? 11 : options.size }),
      }),
  })),
  mutant('waits for a full batch for ever', [cases.batchWithin], () => ({
    subscription: inner =>
      overlay(inner, { batches: options => inner.batches(!options.within || options.within < 0 ? options : { ...options, within: 1e9 }) }), // prettier-ignore
  })),
  mutant('yields empty batches', [cases.batchWithin], () => ({
    subscription: inner =>
      overlay(inner, {
        batches(options) {
          const batches = inner.batches(options)
          return options.within === undefined || options.within > 1000 ? batches : early(batches, options.within)
        },
      }),
  })),
  mutant('makes a batch without a time wait until it is full', [cases.batchAtOnce], () => ({
    subscription: inner => overlay(inner, { batches: options => inner.batches({ within: 1e9, ...options }) }),
  })),
  mutant('loses what an aborted batch had', [cases.batchesAborted, cases.nothingLeftRunning], () => ({
    subscription: inner =>
      overlay(inner, {
        batches(options) {
          if (options.within)
            options.signal?.addEventListener('abort', () => {
              for (let one = inner.tryReceive(); one; one = inner.tryReceive()) one.ack()
            })
          return inner.batches(options)
        },
      }),
  })),
  mutant('takes any subscribe option', [cases.subscribeOptionsChecked], () => ({
    subscribe: (next, topics, options) =>
      next(topics, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'BAD_OPTION')) throw error
        return next('some-topic', {})
      }),
  })),
  mutant('hands over one more than the prefetch', [cases.prefetchBounds, cases.noAck], () => ({
    subscribe: (next, topics, options) =>
      next(
        topics,
        options.prefetch !== undefined && options.prefetch > 0 && options.prefetch <= 3
          ? { ...options, prefetch: options.prefetch + 1 }
          : options,
      ),
  })),
  mutant('frees no room when something is settled', [cases.prefetchBounds, cases.noAck, cases.priorities], () => ({
    delivery(inner, _subscription, { prefetch }) {
      return prefetch === 3 || prefetch === 1 ? overlay(inner, { ack: () => true }) : inner
    },
  })),
  mutant('gives nothing to tryReceive', [cases.triesToReceive], () => ({
    subscription: inner => overlay(inner, { tryReceive: () => undefined }),
  })),
  mutant('lets only one wait at a time', [cases.manyWaits], () => ({
    subscription(inner) {
      let waiting = false
      return overlay(inner, {
        async receive(options) {
          if (waiting) throw new Error('one at a time')
          waiting = true
          try {
            return await inner.receive(options)
          } finally {
            waiting = false
          }
        },
      })
    },
  })),
  mutant('ends the subscription with the iteration', [cases.breakGoesOn], () => ({
    subscription: inner => overlay(inner, { [Symbol.asyncIterator]: () => closing(inner) }),
  })),
  mutant('loses a message at each break', [cases.breakGoesOn], () => ({
    subscription: inner =>
      overlay(inner, {
        [Symbol.asyncIterator]: () => {
          const iterator = inner[Symbol.asyncIterator]()
          return { next: () => iterator.next(), return: async () => (inner.tryReceive()?.ack(), { done: true, value: undefined }) } // prettier-ignore
        },
      }),
  })),
  mutant(
    'goes on waiting when a receive is aborted, and keeps what comes',
    [cases.receiveAborted, cases.receiveRace, cases.noAck, cases.prefetchBounds, cases.transactional],
    () => ({
      subscription: inner =>
        overlay(inner, {
          receive(options) {
            const { signal } = options ?? {}
            const waiting = inner.receive()
            if (!signal) return waiting
            return new Promise<Delivery>((resolve, reject) => {
              const onAbort = (): void => reject(Object.assign(new Error('aborted'), { name: 'MillraceError', code: 'ABORTED' })) // prettier-ignore
              waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort)).catch(() => undefined) // prettier-ignore
              if (signal.aborted) onAbort()
              else signal.addEventListener('abort', onAbort, { once: true })
            })
          },
        }),
    }),
  ),
  mutant('loses the message that an abort meets', [cases.receiveRace], () => ({
    subscription: inner =>
      overlay(inner, {
        async receive(options) {
          const delivery = await inner.receive(options)
          await Promise.resolve()
          await Promise.resolve()
          if (!options?.signal?.aborted) return delivery
          delivery.ack()
          throw Object.assign(new Error('aborted'), { name: 'MillraceError', code: 'ABORTED' })
        },
      }),
  })),
  mutant('subscribes although it was aborted', [cases.subscribeAborted], () => ({
    subscribe(next, topics, { signal, ...options }) {
      return next(topics, signal?.aborted ? options : { ...options, ...(signal && { signal }) })
    },
  })),
  mutant(
    "ignores a subscription's signal",
    [cases.subscriptionLifetime, cases.subscribeCtx, cases.subscribeAborted],
    () => ({
      subscribe(next, topics, { signal, ...options }) {
        return next(topics, signal?.aborted ? { ...options, signal } : options)
      },
    }),
  ),
  mutant('cannot be aborted while it opens', [cases.opened], () => ({
    broker: inner => ({ open: () => inner.open() }),
  })),
  mutant('cannot be aborted while it flushes', [cases.declareAndFlushAborted], () => ({
    subscription: inner => overlay(inner, { flush: () => inner.flush() }),
  })),
]

function closing(inner: Subscription): AsyncIterator<Delivery> {
  const iterator = inner[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    return: async () => {
      await inner.close({ timeout: 0 })
      return { done: true, value: undefined }
    },
  }
}

/** Yields after its time even where there is nothing. */
function early(batches: AsyncIterable<Delivery[]>, within: number): AsyncIterable<Delivery[]> {
  const iterator = mapped(batches, batch => batch)[Symbol.asyncIterator]()
  let pending: Promise<IteratorResult<Delivery[]>> | undefined
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        pending ??= iterator.next()
        const none = new Promise<IteratorResult<Delivery[]>>(resolve =>
          setTimeout(() => resolve({ done: false, value: [] }), within),
        )
        const step = await Promise.race([pending, none])
        if (step.done || step.value.length > 0) pending = undefined
        return step
      },
      return: async () => ({ done: true, value: undefined }),
    }),
  }
}

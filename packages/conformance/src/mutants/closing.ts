import type { Closed, Subscription } from 'millrace'
import { isMillraceError } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { handing, mutant, overlay } from './mutant.ts'

/** Faults of closing: it hangs, cuts off, forgets, or is not the end. */
export const closing: readonly Mutant[] = [
  mutant('waits for un-acknowledged messages for ever', [cases.closesUnAcked], () => ({
    subscription: inner =>
      overlay(inner, { close: options => inner.close(options?.timeout === 20 ? { timeout: 1e9 } : options) }),
  })),
  mutant('counts nothing that it released', [cases.closesUnAcked, cases.closeDeadline], () => ({
    subscription: inner => overlay(inner, { close: options => inner.close(options).then(() => ({ released: 0 })) }),
    broker: inner => ({ close: options => inner.close(options).then(() => ({ released: 0 })) }),
  })),
  mutant(
    'waits for what nobody reads',
    [cases.closesUnread, cases.continueAfterSubscribeClose, cases.continueAfterErrors],
    () => ({
      subscription: inner =>
        overlay(inner, {
          async close(options) {
            const unread = [inner.tryReceive(), inner.tryReceive()].filter(one => one !== undefined)
            if (unread.length < 2 || options?.timeout !== undefined) {
              for (const one of unread) one.release()
              return inner.close(options)
            }
            return new Promise<Closed>(() => undefined)
          },
        }),
    }),
  ),
  mutant('closes only once its handler is done', [cases.closesFromInside], () => {
    let inside = 0
    return {
      subscription: inner =>
        overlay(inner, {
          async *[Symbol.asyncIterator]() {
            for await (const delivery of inner) {
              inside++
              yield delivery
              inside--
            }
          },
          close: options => (inside > 0 ? new Promise<Closed>(() => undefined) : inner.close(options)),
        }),
    }
  }),
  mutant('does not wait for work in hand', [cases.drains, cases.closeDeadline], () => ({
    subscription: inner => overlay(inner, { close: options => inner.close({ ...options, timeout: 0 }) }),
    broker: inner => ({ close: () => inner.close({ timeout: 0 }) }),
  })),
  mutant('hands over more while it drains', [cases.drains], () => ({
    async subscribe(next, topics, options) {
      const inner = await next(topics, options)
      let more: Subscription | undefined
      return overlay(inner, {
        tryReceive: () => inner.tryReceive() ?? more?.tryReceive(),
        async close(how) {
          if ((how?.timeout ?? 0) > 1000) more = await next(topics, options)
          const closed = await inner.close(how)
          await more?.close({ timeout: 0 })
          return closed
        },
      })
    },
  })),
  mutant('takes settlements after the close for good', [cases.settledTooLate], () => ({
    delivery: inner => overlay(inner, { nack: options => inner.nack(options) || true }),
  })),
  mutant('throws at a second close', [cases.closesTwice, cases.unAwaitedIsSafe], () => {
    let closed = false
    return {
      broker: inner => ({
        async close(options) {
          if (closed && options?.timeout !== 0) throw new Error('it is closed already')
          closed = true
          return inner.close(options)
        },
      }),
    }
  }),
  mutant('publishes into nothing after the close', [cases.usedAfterClose], () => ({
    publish: (next, topic, messages, options) =>
      next(topic, messages, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'CLOSED')) throw error
      }),
  })),
  mutant(
    'ends iteration with an error at the close',
    [cases.iterationEnds, cases.publishSubscribe, cases.closesFromInside],
    () => ({
      subscription: inner =>
        overlay(inner, {
          [Symbol.asyncIterator]: () => {
            const iterator = inner[Symbol.asyncIterator]()
            return {
              async next() {
                const step = await iterator.next()
                if (step.done) throw new Error('closed')
                return step
              },
              return: async () => ({ done: true, value: undefined }),
            }
          },
        }),
    }),
  ),
  mutant('closes the subscriptions that had nothing yet with the first such', [cases.othersGoOn], () => {
    const idle = new Set<Subscription>()
    return {
      subscription(inner) {
        idle.add(inner)
        return overlay(
          handing(inner, one => (idle.delete(inner), one)),
          {
            async close(options) {
              if (idle.has(inner)) for (const one of idle) await one.close(options)
              return inner.close(options)
            },
          },
        )
      },
    }
  }),
  mutant('is up when it is closed', [cases.healthTold, cases.closesTwice], () => ({
    broker: inner => ({ health: () => ({ ...inner.health(), state: 'up' }) }),
  })),
]

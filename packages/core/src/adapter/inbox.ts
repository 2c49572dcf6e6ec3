import type { BatchOptions, Delivery, WaitOptions } from '../contract.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import { aborted } from './abort.ts'
import type { HandedDelivery } from './delivery.ts'
import { Ring } from './ring.ts'
import { MillraceError } from '../errors.ts'

/** Hand-outs that needed no waiting, after which the event loop gets a turn: else a busy topic starves timers and IO. */
const TURN = 1024

export interface InboxOptions {
  readonly clock: Clock
  /** The most that can ever be buffered: a batch never waits for more. */
  readonly prefetch: number
  /** Called before a delivery leaves; false when it must not (it expired). */
  readonly hand: (delivery: HandedDelivery) => boolean
  /** Called when a consumer is about to wait. */
  readonly idle: () => void
}

interface Waiter {
  take(delivery: HandedDelivery): void
  end(error: Error | undefined): void
}

/** The deliveries that nobody has taken yet, and those who wait for one. */
export class Inbox {
  readonly #buffer = new Ring<HandedDelivery>(64)
  readonly #waiters = new Set<Waiter>()
  readonly #watchers = new Set<{ readonly need: number; readonly wake: () => void }>()
  readonly #options: InboxOptions
  #ended: { readonly error: Error | undefined } | undefined
  #turn = 0

  constructor(options: InboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#buffer.size
  }

  push(delivery: HandedDelivery): void {
    if (this.#waiters.size > 0) {
      for (const waiter of this.#waiters) {
        if (!this.#options.hand(delivery)) return
        this.#waiters.delete(waiter)
        waiter.take(delivery)
        return
      }
    }
    this.#buffer.push(delivery)
    if (this.#watchers.size > 0) this.#wakeWatchers()
  }

  /** Takes out what no longer belongs here. */
  drop(gone: (delivery: HandedDelivery) => boolean): HandedDelivery[] {
    const dropped: HandedDelivery[] = []
    for (let left = this.#buffer.size; left > 0; left--) {
      const delivery = this.#buffer.shift()! // left > 0, so there is one
      if (gone(delivery)) dropped.push(delivery)
      else this.#buffer.push(delivery)
    }
    return dropped
  }

  tryReceive(): HandedDelivery | undefined {
    for (;;) {
      const delivery = this.#buffer.shift()
      if (delivery === undefined) {
        this.#options.idle()
        // What was waiting to be settled may have made room for more.
        const next = this.#buffer.shift()
        if (next === undefined || this.#options.hand(next)) return next
        continue
      }
      if (this.#options.hand(delivery)) return delivery
    }
  }

  receive(options?: WaitOptions): Promise<Delivery> {
    const signal = options?.signal
    if (signal?.aborted) return Promise.reject(aborted(signal, 'receive'))
    const delivery = this.tryReceive()
    if (delivery !== undefined) return ++this.#turn < TURN ? Promise.resolve(delivery) : this.#afterTurn(delivery)
    if (this.#ended) return Promise.reject(this.#endError())
    return new Promise((resolve, reject) =>
      this.#wait({ take: resolve, end: () => reject(this.#endError()) }, signal, reject),
    )
  }

  iterator(): AsyncIterator<Delivery> {
    let over = false
    let waiting: (() => void) | undefined
    return {
      next: () => {
        if (over) return Promise.resolve({ done: true, value: undefined })
        const delivery = this.tryReceive()
        if (delivery !== undefined) {
          const result = { done: false as const, value: delivery as Delivery }
          return ++this.#turn < TURN ? Promise.resolve(result) : this.#afterTurn(result)
        }
        if (this.#ended) return this.#endOfIteration()
        return new Promise((resolve, reject) => {
          const waiter: Waiter = {
            take: delivery => resolve({ done: false, value: delivery }),
            end: error => (error ? reject(error) : resolve({ done: true, value: undefined })),
          }
          this.#waiters.add(waiter)
          waiting = () => {
            if (this.#waiters.delete(waiter)) resolve({ done: true, value: undefined })
          }
        })
      },
      return: () => {
        over = true
        waiting?.()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  batches(options: BatchOptions): AsyncIterable<Delivery[]> {
    const { size, within, signal } = options
    if (!Number.isInteger(size) || size < 1)
      throw new MillraceError('BAD_OPTION', `batches: size is a whole number of 1 or more, not ${size}`)
    if (within !== undefined && !(within >= 0))
      throw new MillraceError('BAD_OPTION', `batches: within is 0 or more milliseconds, not ${within}`)
    const need = Math.min(size, this.#options.prefetch)
    let over = false
    const next = async (): Promise<IteratorResult<Delivery[]>> => {
      while (!over) {
        if (signal?.aborted) throw aborted(signal, 'batches')
        if (this.#buffer.size === 0) this.#options.idle()
        if (this.#buffer.size === 0) {
          if (this.#ended) return this.#endOfIteration()
          await this.#arrival(1, undefined, signal)
          continue
        }
        if (within !== undefined && this.#buffer.size < need) await this.#arrival(need, within, signal)
        const batch = this.#take(size)
        if (batch.length > 0) return { done: false, value: batch }
      }
      return { done: true, value: undefined }
    }
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          this.#turn += size
          if (this.#turn >= TURN) await this.#afterTurn(undefined)
          return next()
        },
        return: () => {
          over = true
          for (const watcher of this.#watchers) watcher.wake()
          return Promise.resolve({ done: true, value: undefined })
        },
      }),
    }
  }

  /** Ends every wait: with the error, or with CLOSED and the end of every iterator. Returns what nobody took. */
  end(error: Error | undefined): HandedDelivery[] {
    if (this.#ended) return []
    this.#ended = { error }
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) waiter.end(error)
    for (const watcher of this.#watchers) watcher.wake()
    return this.drop(() => true)
  }

  #take(size: number): Delivery[] {
    const batch: Delivery[] = []
    while (batch.length < size) {
      const delivery = this.#buffer.shift()
      if (delivery === undefined) break
      if (this.#options.hand(delivery)) batch.push(delivery)
    }
    return batch
  }

  /** Resolves when so many are buffered, after `within` ms, or at the end. */
  #arrival(need: number, within: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined
      const stop = (): void => {
        this.#watchers.delete(watcher)
        timer?.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const watcher = {
        need,
        wake: () => {
          stop()
          resolve()
        },
      }
      const onAbort = (): void => {
        stop()
        reject(aborted(signal!, 'batches')) // it fired, so it is there
      }
      this.#watchers.add(watcher)
      if (within !== undefined) timer = this.#options.clock.after(within, watcher.wake)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #wakeWatchers(): void {
    for (const watcher of this.#watchers) if (this.#buffer.size >= watcher.need) watcher.wake()
  }

  #wait(waiter: Waiter, signal: AbortSignal | undefined, reject: (error: Error) => void): void {
    if (!signal) {
      this.#waiters.add(waiter)
      return
    }
    const onAbort = (): void => {
      if (this.#waiters.delete(watched)) reject(aborted(signal, 'receive'))
    }
    const watched: Waiter = {
      take: delivery => {
        signal.removeEventListener('abort', onAbort)
        waiter.take(delivery)
      },
      end: error => {
        signal.removeEventListener('abort', onAbort)
        waiter.end(error)
      },
    }
    this.#waiters.add(watched)
    signal.addEventListener('abort', onAbort, { once: true })
  }

  #afterTurn<T>(value: T): Promise<T> {
    this.#turn = 0
    return new Promise(resolve => setImmediate(resolve, value))
  }

  #endOfIteration(): Promise<IteratorResult<never>> {
    const error = this.#ended?.error
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
  }

  #endError(): Error {
    return this.#ended?.error ?? new MillraceError('CLOSED', 'the subscription is closed')
  }
}

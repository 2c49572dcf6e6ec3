import type { BatchOptions, Delivery, WaitOptions } from '../contract.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import { aborted } from './abort.ts'
import type { HandedDelivery } from './delivery.ts'
import { Ring } from './ring.ts'
import { known, milliseconds, whole } from '../bounds.ts'
import { MillraceError } from '../errors.ts'
import { Turn } from './turn.ts'

const BATCHES = { size: true, within: true, signal: true } satisfies Record<keyof BatchOptions, true>

export interface InboxOptions {
  readonly clock: Clock
  /** The most that can ever be buffered: a batch never waits for more. */
  readonly prefetch: number
  /** Called before a delivery leaves; false when it must not (it expired). */
  readonly hand: (delivery: HandedDelivery) => boolean
  /** Called when a consumer is about to wait. */
  readonly idle: () => void
  /** The next delivery of a source that is pulled. */
  readonly pull: () => HandedDelivery | undefined
}

/** Who waits for the next delivery. */
export interface Waiter {
  take(delivery: HandedDelivery): void
  /** The subscription ended: with that error, or as it should. */
  end(error: Error | undefined): void
}

/** The deliveries that nobody has taken yet, and those who wait for one. */
export class Inbox {
  readonly #buffer = new Ring<HandedDelivery>()
  readonly #waiters = new Ring<Waiter>()
  readonly #watchers = new Set<{ readonly need: number; readonly wake: () => void }>()
  readonly #options: InboxOptions
  #ended: { readonly error: Error | undefined } | undefined
  readonly #turn = new Turn()

  constructor(options: InboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#buffer.size
  }

  /** Whether anybody waits for more. */
  get wanted(): boolean {
    return this.#waiters.size > 0 || this.#watchers.size > 0
  }

  push(delivery: HandedDelivery): void {
    if (this.#waiters.size > 0) {
      if (this.#options.hand(delivery)) this.#waiters.shift()!.take(delivery) // size > 0
      return
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
    return this.#next() ?? this.#afterIdle()
  }

  /** A pulled source has something again, or may give more: for those who wait. False when nobody took any. */
  refill(): boolean {
    let taken = false
    while (this.#waiters.size > 0) {
      const delivery = this.#options.pull()
      if (delivery === undefined) return taken
      taken = true
      this.push(delivery)
    }
    if (this.#watchers.size === 0) return taken
    let need = 0
    for (const watcher of this.#watchers) need = Math.max(need, watcher.need)
    while (this.#buffer.size < need) {
      const delivery = this.#options.pull()
      if (delivery === undefined) break
      taken = true
      this.#buffer.push(delivery)
    }
    if (taken) this.#wakeWatchers()
    return taken
  }

  receive(options?: WaitOptions): Promise<Delivery> {
    const signal = options?.signal
    if (signal?.aborted) return Promise.reject(aborted(signal, 'receive'))
    const delivery = this.tryReceive()
    if (delivery !== undefined) return this.#turn.spend(1) ? this.#turn.after(delivery) : Promise.resolve(delivery)
    if (this.#ended) return Promise.reject(this.#endError())
    return new Promise((resolve, reject) =>
      this.#wait({ take: resolve, end: () => reject(this.#endError()) }, signal, reject),
    )
  }

  /** The waiter gets the next delivery, or the end, once; what is there already it must have asked for before. */
  wait(waiter: Waiter): void {
    if (this.#ended) waiter.end(this.#ended.error)
    else this.#waiters.push(waiter)
  }

  /** It waits no longer. False where it did not, or has been served. */
  forget(waiter: Waiter): boolean {
    return this.#waiters.remove(waiter)
  }

  iterator(): AsyncIterator<Delivery> {
    let over = false
    const waiting = new Set<() => void>()
    return {
      next: () => {
        if (over) return Promise.resolve({ done: true, value: undefined })
        const delivery = this.tryReceive()
        if (delivery !== undefined) {
          const result = { done: false as const, value: delivery as Delivery }
          return this.#turn.spend(1) ? this.#turn.after(result) : Promise.resolve(result)
        }
        if (this.#ended) return this.#endOfIteration()
        return new Promise((resolve, reject) => {
          const waiter: Waiter = {
            take: delivery => {
              waiting.delete(leave)
              resolve({ done: false, value: delivery })
            },
            end: error => (error ? reject(error) : resolve({ done: true, value: undefined })),
          }
          const leave = (): void => {
            if (this.forget(waiter)) resolve({ done: true, value: undefined })
          }
          this.#waiters.push(waiter)
          waiting.add(leave)
        })
      },
      return: () => {
        over = true
        for (const leave of waiting) leave()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  batches(options: BatchOptions): AsyncIterable<Delivery[]> {
    known('batches', options, BATCHES)
    const { size, within, signal } = options
    whole('batches: size', size, 1, Number.MAX_SAFE_INTEGER)
    if (within !== undefined) milliseconds('batches: within', within, 0, Infinity)
    const need = Math.min(size, this.#options.prefetch)
    let over = false
    const next = async (): Promise<IteratorResult<Delivery[]>> => {
      while (!over) {
        if (signal?.aborted) throw aborted(signal, 'batches')
        const first = this.tryReceive()
        if (first === undefined) {
          if (this.#ended) return this.#endOfIteration()
          await this.#arrival(1, undefined, signal)
          continue
        }
        if (within === undefined) return { done: false, value: this.#take([first], size) }
        // Until the batch is full the first waits with the others: an abort loses nothing.
        this.#buffer.unshift(first)
        this.#gather(need)
        if (this.#buffer.size < need) await this.#arrival(need, within, signal)
        const batch = this.#take([], size)
        if (batch.length > 0) return { done: false, value: batch }
      }
      return { done: true, value: undefined }
    }
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          if (this.#turn.spend(size)) await this.#turn.after(undefined)
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

  #next(): HandedDelivery | undefined {
    for (;;) {
      const delivery = this.#buffer.size > 0 ? this.#buffer.shift() : this.#options.pull()
      if (delivery === undefined || this.#options.hand(delivery)) return delivery
    }
  }

  /** What was waiting to be settled may make room for more. */
  #afterIdle(): HandedDelivery | undefined {
    this.#options.idle()
    return this.#next()
  }

  #take(batch: Delivery[], size: number): Delivery[] {
    while (batch.length < size) {
      const delivery = this.#next()
      if (delivery === undefined) break
      batch.push(delivery)
    }
    return batch
  }

  #gather(need: number): void {
    while (this.#buffer.size < need) {
      const delivery = this.#options.pull()
      if (delivery === undefined) return
      this.#buffer.push(delivery)
    }
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
      this.#waiters.push(waiter)
      return
    }
    const onAbort = (): void => {
      if (this.forget(watched)) reject(aborted(signal, 'receive'))
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
    this.#waiters.push(watched)
    signal.addEventListener('abort', onAbort, { once: true })
  }

  #endOfIteration(): Promise<IteratorResult<never>> {
    const error = this.#ended?.error
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined })
  }

  #endError(): Error {
    return this.#ended?.error ?? new MillraceError('CLOSED', 'the subscription is closed')
  }
}

import type { Message } from '../contract.ts'
import { newId } from '../id.ts'
import type { Attempt, Middleware } from '../handler.ts'
import { isThenable } from '../thenable.ts'
import { callable, known, method, milliseconds } from '../bounds.ts'
import type { DedupeStore } from './dedupe-store.ts'
import { memoryDedupeStore } from './dedupe-store.ts'
import { perDelivery } from './per-delivery.ts'
import { sleep } from './sleep.ts'

/** What counts as the same message, for how long, and where that is remembered. */
export interface DedupeOptions {
  /** What two messages have in common when one of them is enough. Default: their id. Undefined: this one is not looked at. */
  readonly key?: (message: Message) => string | undefined
  /** ms that a handled key is remembered, 1 or more. Default 3,600,000 (an hour). */
  readonly ttl?: number
  /** ms that a claim holds without word from its owner: longer than a handler takes, retries included. Default 300,000. */
  readonly lease?: number
  /** Default: a store of its own in this process, 100,000 keys. */
  readonly store?: DedupeStore
}

const OPTIONS = { key: true, ttl: true, lease: true, store: true } satisfies Record<keyof DedupeOptions, true>

/** A claim that has been made: to be confirmed when all is done, or released. */
export interface Claim {
  readonly key: string
  readonly token: string
}

/** First and last wait in ms while somebody else is at a key; each is twice the one before. */
const FIRST_WAIT = 50
const LAST_WAIT = 2_000

/**
 * Handles a key once: claims it before the work, confirms it after, releases it on failure, so that a failed message's
 * redelivery is no duplicate. One instance may be shared by several handlers.
 */
export class Deduplicator {
  readonly #key: (message: Message) => string | undefined
  readonly #ttl: number
  readonly #lease: number
  #store: DedupeStore | undefined

  /** @throws BAD_OPTION */
  constructor(options: DedupeOptions = {}) {
    known('dedupe', options, OPTIONS)
    callable('dedupe.key', options.key)
    for (const name of ['claim', 'confirm', 'release'] as const)
      if (options.store !== undefined) method(`dedupe.store.${name}`, (options.store as DedupeStore | null)?.[name])
    const { key = (message: Message) => message.id, ttl = 3_600_000, lease = 300_000, store } = options
    milliseconds('dedupe.ttl', ttl, 1, Infinity)
    milliseconds('dedupe.lease', lease, 1, Infinity)
    this.#key = key
    this.#ttl = ttl
    this.#lease = lease
    this.#store = store
  }

  /**
   * 'new' where the message has no key, 'duplicate' where it was handled before, else a claim. Waits while somebody else
   * is at the same key, at most for as long as their claim holds; rejects with the signal's reason when that comes first.
   */
  async claim(message: Message, context: Attempt): Promise<Claim | 'new' | 'duplicate'> {
    const key = this.#key(message)
    if (key === undefined) return 'new'
    const store = (this.#store ??= memoryDedupeStore({ clock: context.clock }))
    const token = newId()
    for (let wait = FIRST_WAIT; ; wait = Math.min(LAST_WAIT, wait * 2)) {
      const answer = store.claim(key, { token, lease: this.#lease })
      const claimed = isThenable(answer) ? await answer : answer
      if (claimed === 'claimed') return { key, token }
      if (claimed === 'done') return 'duplicate'
      await sleep(context.clock, wait, context.waiting)
    }
  }

  /** What the message is told apart by; undefined: it is not looked at. */
  keyOf(message: Message): string | undefined {
    return this.#key(message)
  }

  async confirm({ key, token }: Claim): Promise<void> {
    await this.#store?.confirm(key, { token, ttl: this.#ttl })
  }

  async release({ key, token }: Claim): Promise<void> {
    await this.#store?.release(key, { token })
  }
}

/**
 * Handles a key once; a duplicate is acked unhandled. As middleware it confirms when the handler is done, which is before
 * the outputs are out: give it to the handler as its `dedupe` where the handler has outputs. @throws BAD_OPTION
 */
export function dedupe(options: DedupeOptions | Deduplicator = {}): Middleware {
  const shared = options instanceof Deduplicator ? options : new Deduplicator(options)
  return perDelivery(next => async (value, context) => {
    const claim = await shared.claim(context.delivery.message, context)
    if (claim === 'duplicate') return undefined
    if (claim === 'new') return next(value, context)
    let result: unknown
    try {
      result = await next(value, context)
    } catch (error) {
      await shared.release(claim)
      throw error
    }
    await shared.confirm(claim)
    return result
  })
}

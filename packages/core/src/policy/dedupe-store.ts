import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import { known, whole } from '../bounds.ts'

/**
 * Where a deduplicator remembers. Every call may answer with or without a promise. A claim belongs to its token: a
 * confirm or release with another token (of a claim that was over) changes nothing.
 */
export interface DedupeStore {
  /** 'claimed': nobody has it, it is yours for `lease` ms. 'busy': somebody is at it. 'done': it was confirmed. */
  claim(key: string, claim: { readonly token: string; readonly lease: number }): Claimed | Promise<Claimed>
  /** It is done; to be remembered for `ttl` ms. */
  confirm(key: string, claim: { readonly token: string; readonly ttl: number }): void | Promise<void>
  /** It was not done: whoever comes next may claim it. */
  release(key: string, claim: { readonly token: string }): void | Promise<void>
}

/** The answer to a claim. */
export type Claimed = 'claimed' | 'busy' | 'done'

/** The bounds of a store in this process. */
export interface MemoryDedupeOptions {
  /** Keys remembered at most, 1 to 10,000,000; the oldest done one is forgotten first. Default 100,000. */
  readonly max?: number
  readonly clock?: Clock
}

const OPTIONS = { max: true, clock: true } satisfies Record<keyof MemoryDedupeOptions, true>

interface Entry {
  readonly token: string
  readonly done: boolean
  readonly until: number
}

/** A store that answers at once. */
export interface MemoryDedupeStore extends DedupeStore {
  claim(key: string, claim: { readonly token: string; readonly lease: number }): Claimed
  confirm(key: string, claim: { readonly token: string; readonly ttl: number }): void
  release(key: string, claim: { readonly token: string }): void
  /** Keys remembered now, those that are over and not yet forgotten included. */
  readonly size: number
}

/** Remembers in this process. What is over is forgotten as new keys come in: no timer. @throws BAD_OPTION */
export function memoryDedupeStore(options: MemoryDedupeOptions = {}): MemoryDedupeStore {
  known('memoryDedupeStore', options, OPTIONS)
  const { max = 100_000, clock = systemClock } = options
  whole('memoryDedupeStore.max', max, 1, 10_000_000)
  const entries = new Map<string, Entry>()
  // In the order of claiming or confirming, so the oldest come first; leases and ttls of one store are mostly alike.
  const sweep = (now: number): void => {
    let looked = 0
    for (const [key, entry] of entries) {
      const over = entry.until <= now
      const crowded = entries.size >= max && entry.done
      if (over || crowded) entries.delete(key)
      else if (entries.size < max && ++looked >= 2) return
    }
  }
  return {
    claim(key, { token, lease }) {
      const now = clock.now()
      const found = entries.get(key)
      if (found && found.until > now) return found.done ? 'done' : 'busy'
      entries.delete(key)
      sweep(now)
      // Every place is taken by a claim that is being worked on: working on it un-remembered beats losing or blocking it.
      if (entries.size < max) entries.set(key, { token, done: false, until: now + lease })
      return 'claimed'
    },
    confirm(key, { token, ttl }) {
      const found = entries.get(key)
      if (found && found.token !== token) return
      entries.delete(key)
      if (entries.size < max) entries.set(key, { token, done: true, until: clock.now() + ttl })
    },
    release(key, { token }) {
      const found = entries.get(key)
      if (found && found.token === token && !found.done) entries.delete(key)
    },
    get size() {
      return entries.size
    },
  }
}

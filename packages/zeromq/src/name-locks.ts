/** The part of the Web Locks API that is used here. */
interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly mode?: 'exclusive' | 'shared' },
    callback: (lock: object | null) => T | Promise<T>,
  ): Promise<T>
}

interface Claim {
  has: boolean
  /** Gives the name back; resolves when it is free. */
  readonly free: () => Promise<void>
}

/**
 * Names of which one thread of the process has each at a time: Web Locks, which Node keeps for all its threads outside of their
 * event loops, so that nobody waits for a busy thread, and which a dying thread loses.
 */
export class NameLocks {
  readonly #locks: Locks | undefined
  readonly #prefix: string
  readonly #claims = new Map<string, Claim>()
  /** Given back, and perhaps not free yet. */
  readonly #freeing = new Map<string, Promise<void>>()

  constructor(prefix: string) {
    this.#prefix = prefix
    this.#locks = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks
  }

  /** Whether the runtime has such locks: Node from 24.5 on. */
  get available(): boolean {
    return this.#locks !== undefined
  }

  /** Whether this thread has the name; false while it is being claimed. */
  has(name: string): boolean {
    return this.#claims.get(name)?.has === true
  }

  /** Whether any thread has the name. */
  async taken(name: string): Promise<boolean> {
    const locks = this.#locks
    if (locks === undefined) return false
    return locks.request(`${this.#prefix}?${name}`, { ifAvailable: true, mode: 'shared' }, lock => lock === null)
  }

  /** Takes a name that this thread does not have; false where another thread has it. */
  async claim(name: string): Promise<boolean> {
    const locks = this.#locks
    if (locks === undefined) return true
    let end = (): void => {}
    const freed = new Promise<void>(resolve => (end = resolve))
    let over: Promise<unknown> = Promise.resolve()
    const claim: Claim = {
      has: false,
      free: async () => {
        end()
        await over
      },
    }
    this.#claims.set(name, claim)
    await this.#freeing.get(name)
    const mine = await new Promise<boolean>(resolve => {
      over = locks
        .request<void>(`${this.#prefix}:${name}`, { ifAvailable: true }, lock => {
          if (lock === null) return resolve(false)
          // What `taken` looks at, for it must not be in the way of one who claims; `query` tells of one thread alone.
          return locks.request(`${this.#prefix}?${name}`, {}, () => {
            resolve(true)
            return freed
          })
        })
        // A runtime that has the call and refuses it is as good as one without.
        .catch(() => resolve(true))
    })
    claim.has = mine
    if (!mine && this.#claims.get(name) === claim) this.#claims.delete(name)
    return mine
  }

  /** Gives a name back, also one that is still being claimed; resolves when another thread may have it. */
  free(name: string): Promise<void> {
    const claim = this.#claims.get(name)
    this.#claims.delete(name)
    if (claim === undefined) return this.#freeing.get(name) ?? Promise.resolve()
    const freeing = claim.free().then(() => {
      if (this.#freeing.get(name) === freeing) this.#freeing.delete(name)
    })
    this.#freeing.set(name, freeing)
    return freeing
  }
}

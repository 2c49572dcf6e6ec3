import type { IClientOptions } from 'mqtt'

type Provider = NonNullable<IClientOptions['messageIdProvider']>

/** Packet identifiers are 1 to this (MQTT 5 §2.2.1). */
const MOST = 65_535

/**
 * The packet identifiers of one connection, for the client and for what is written beside it: none is given twice
 * before it was given back. The client's own go round without looking.
 */
export class PacketIds implements Provider {
  readonly #used = new Set<number>()
  #last = 0

  /** Null where all are in use. */
  allocate(): number | null {
    if (this.#used.size >= MOST) return null
    do this.#last = this.#last === MOST ? 1 : this.#last + 1
    while (this.#used.has(this.#last))
    this.#used.add(this.#last)
    return this.#last
  }

  getLastAllocated(): number | null {
    return this.#last === 0 ? null : this.#last
  }

  /** False where it is in use. */
  register(id: number): boolean {
    if (this.#used.has(id)) return false
    this.#used.add(id)
    return true
  }

  deallocate(id: number): void {
    this.#used.delete(id)
  }

  clear(): void {
    this.#used.clear()
  }
}

import { createHash } from 'node:crypto'
import type { Sink } from 'millrace/adapter'

/** A subscription's session: the same one again after an outage. */
export interface Session {
  readonly clientId: string
  /** It was attached before, so that its session ought to be there. */
  known: boolean
  end(): void
}

/**
 * Client ids. The subscriptions of one process to the same topics in the same group are numbered from 0, so that after
 * a restart of the process the same number of them finds the same sessions.
 */
export class Sessions {
  readonly #name: string
  readonly #taken = new Set<string>()
  readonly #bySink = new WeakMap<Sink, Session>()

  constructor(name: string) {
    this.#name = name
  }

  of(sink: Sink, group: string | undefined, filters: readonly string[]): Session {
    const own = this.#bySink.get(sink)
    if (own) return own
    const what = createHash('sha256')
      .update(JSON.stringify([group ?? null, ...[...filters].sort()]))
      .digest('hex')
    const stem = `${this.#name}-${what.slice(0, 12)}`
    let number = 0
    while (this.#taken.has(`${stem}-${number}`)) number++
    const clientId = `${stem}-${number}`
    this.#taken.add(clientId)
    const session: Session = {
      clientId,
      known: false,
      end: () => {
        this.#taken.delete(clientId)
        this.#bySink.delete(sink)
      },
    }
    this.#bySink.set(sink, session)
    return session
  }
}

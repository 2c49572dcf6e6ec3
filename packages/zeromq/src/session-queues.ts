import type { QueueEvents } from './pipe/queue-events.ts'

/** What a session does when its pipe's queues change. */
export interface QueueKeeper {
  hold(): void
  flush(): void
  room(): void
  arrived(): void
}

/** The queue to the peer, seen by its session. */
export class Outgoing implements QueueEvents {
  readonly #session: QueueKeeper

  constructor(session: QueueKeeper) {
    this.#session = session
  }

  filled(): void {
    this.#session.hold()
  }

  full(): void {
    this.#session.flush()
  }

  room(): void {
    this.#session.room()
  }
}

/** The queue from the peer, seen by its session. */
export class Incoming implements QueueEvents {
  readonly #session: QueueKeeper

  constructor(session: QueueKeeper) {
    this.#session = session
  }

  filled(): void {
    this.#session.arrived()
  }

  full(): void {
    // Whoever reads is told by `filled`.
  }

  room(): void {
    // The engine looks for room itself.
  }
}

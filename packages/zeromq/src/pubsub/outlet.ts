import { internals } from '../socket.ts'
import { Publisher, Push, Router, type Message as Frame, type Socket } from '../sockets.ts'
import { Ledger, type Handed } from './ledger.ts'
import { decode, JOINED } from './protocol.ts'

/** What the sockets of a broker are made with. */
export interface OutletOptions {
  readonly common: object
  /** Messages that wait for each peer, or in each group. */
  readonly highWaterMark: number
  /** Whether a topic is in a set of names and patterns. */
  wanting(topics: readonly string[], patterns: readonly string[]): (topic: string) => boolean
}

/** What messages leave by. */
export interface Outlet {
  readonly socket: Socket
  /** Resolves when a queue owns the message; rejects with the signal's reason, and then nobody has it. */
  send(topic: string, headers: string, payload: Uint8Array, signal: AbortSignal): Promise<void>
  close(): void
}

/** A PUB that holds its publisher rather than lose what a slow subscriber cannot take. */
export class PubOutlet implements Outlet {
  readonly socket: Publisher

  constructor({ common, highWaterMark }: OutletOptions) {
    this.socket = new Publisher({ ...common, noDrop: true, sendHighWaterMark: highWaterMark })
  }

  async send(topic: string, headers: string, payload: Uint8Array, signal: AbortSignal): Promise<void> {
    const core = internals(this.socket)
    while (core.trySend([topic, headers, payload], undefined) === 'full') await core.whenRoom(signal)
  }

  close(): void {
    this.socket.close()
  }
}

/** A PUSH. */
export class PushOutlet implements Outlet {
  readonly socket: Push

  constructor({ common, highWaterMark }: OutletOptions) {
    this.socket = new Push({ ...common, sendHighWaterMark: highWaterMark })
  }

  async send(topic: string, headers: string, payload: Uint8Array, signal: AbortSignal): Promise<void> {
    const core = internals(this.socket)
    while (core.trySend([topic, headers, payload], undefined) === 'full') await core.whenWritable(signal)
  }

  close(): void {
    this.socket.close()
  }
}

interface Held {
  readonly headers: string
  readonly payload: Uint8Array
}

/** ROUTER_NOTIFY, and its bit for a peer that is gone. */
const ROUTER_NOTIFY = 97
const DISCONNECTED = 2

/** The publishing side of acknowledged delivery: a ROUTER in front of a ledger. */
export class AckedOutlet implements Outlet {
  readonly socket: Router
  readonly #options: OutletOptions
  readonly #ledger: Ledger<Held>
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Ids of consumers, by the text that the ledger knows them by. */
  readonly #ids = new Map<string, Frame>()

  constructor(options: OutletOptions) {
    this.#options = options
    this.socket = new Router({ ...options.common, sendHighWaterMark: 0, mandatory: true })
    this.socket.setInt32Option(ROUTER_NOTIFY, DISCONNECTED)
    this.#ledger = new Ledger<Held>(
      {
        hand: (consumer, handed) => this.#hand(consumer, handed),
        after: (milliseconds, work) => this.#after(milliseconds, work),
      },
      options.highWaterMark,
    )
    void this.#listen()
  }

  async send(topic: string, headers: string, payload: Uint8Array, signal: AbortSignal): Promise<void> {
    while (!this.#ledger.hasRoom(topic)) await this.#room(signal)
    // It may wait long: the caller's memory is the caller's again.
    this.#ledger.publish(topic, { headers, payload: new Uint8Array(payload) })
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.socket.close()
  }

  #room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(signal.reason as Error)
      if (signal.aborted) return aborted()
      signal.addEventListener('abort', aborted, { once: true })
      this.#ledger.onRoom(() => {
        signal.removeEventListener('abort', aborted)
        resolve()
      })
    })
  }

  #hand(consumer: string, { sequence, attempt, redelivered, topic, message }: Handed<Held>): void {
    const { headers, payload } = message
    this.#tell(consumer, JSON.stringify([sequence, attempt, redelivered]), topic, headers, payload)
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, milliseconds)
    timer.unref()
    this.#timers.add(timer)
  }

  async #listen(): Promise<void> {
    for await (const [id, frame] of this.socket) {
      if (id === undefined || frame === undefined) continue
      const consumer = id.toString('latin1')
      if (frame.length === 0) {
        this.#ids.delete(consumer)
        this.#ledger.leave(consumer)
        continue
      }
      const instruction = decode(frame)
      switch (instruction?.is) {
        case 'join':
          this.#ids.set(consumer, id)
          this.#ledger.join(consumer, {
            group: instruction.group,
            key: JSON.stringify([instruction.topics, instruction.patterns]),
            wants: this.#options.wanting(instruction.topics, instruction.patterns),
          })
          this.#tell(consumer, JOINED)
          break
        case 'credit':
          this.#ledger.credit(consumer, instruction.count)
          break
        case 'settle':
          for (const [sequence, outcome, delay] of instruction.settlements) {
            this.#ledger.settle(consumer, sequence, outcome, delay)
          }
          break
        case undefined:
        // Not of this protocol.
      }
    }
  }

  #tell(consumer: string, ...frames: (string | Uint8Array)[]): void {
    const id = this.#ids.get(consumer)
    // A consumer that went a moment ago is told nothing: its leaving follows, and gives back what it had.
    if (id !== undefined && !this.socket.closed) internals(this.socket).trySend([id, ...frames], undefined)
  }
}

import { internals } from '../socket.ts'
import type { Message as Frame, Pull } from '../sockets.ts'

/** One subscription at an inlet. */
export interface Taker {
  wants(topic: string): boolean
  /** How many more it takes. */
  credit: number
  take(topic: string, frames: readonly Frame[]): void
}

interface Ahead {
  readonly topic: string
  readonly frames: readonly Frame[]
}

/** Messages that are taken from the socket ahead of their takers. */
const AHEAD = 256

/**
 * The consuming end of one shared queue, for all subscriptions of a process: each message goes to one that wants its
 * topic and has credit, in turn. One that nobody wants yet is kept, and with too many of them nothing more is read: the
 * queue loses nothing.
 */
export class PullInlet {
  readonly socket: Pull
  readonly #takers: Taker[] = []
  #ahead: Ahead[] = []
  #turn = 0
  #receiving = false

  constructor(socket: Pull) {
    this.socket = socket
  }

  get takers(): number {
    return this.#takers.length
  }

  add(taker: Taker): void {
    this.#takers.push(taker)
    this.pump()
  }

  remove(taker: Taker): void {
    const at = this.#takers.indexOf(taker)
    if (at >= 0) this.#takers.splice(at, 1)
  }

  /** Some taker has credit again. */
  pump(): void {
    this.#give()
    if (!this.#receiving) void this.#receive()
  }

  #give(): void {
    const kept: Ahead[] = []
    for (const message of this.#ahead) {
      const taker = this.#next(message.topic)
      if (taker === undefined) {
        kept.push(message)
      } else {
        taker.credit--
        taker.take(message.topic, message.frames)
      }
    }
    this.#ahead = kept
  }

  #next(topic: string): Taker | undefined {
    for (let tried = 0; tried < this.#takers.length; tried++) {
      const taker = this.#takers[this.#turn++ % this.#takers.length]!
      if (taker.credit > 0 && taker.wants(topic)) return taker
    }
    return undefined
  }

  async #receive(): Promise<void> {
    this.#receiving = true
    try {
      while (this.#ahead.length < AHEAD && this.#takers.some(taker => taker.credit > 0)) {
        const messages = await internals(this.socket).receiveMany(AHEAD - this.#ahead.length)
        for (const [topic, ...frames] of messages) this.#ahead.push({ topic: String(topic), frames })
        this.#give()
      }
    } catch {
      // The socket is closed.
    } finally {
      this.#receiving = false
    }
  }
}

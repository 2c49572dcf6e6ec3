import { asError } from 'millrace/adapter'
import { ours } from './errors.ts'
import type { Asker, Replies } from './replies.ts'

/** What was said, or is to be said, of a message. It counts over any connection. */
export interface Word {
  /** The message's own subject for it. */
  readonly reply: string
  readonly word: Uint8Array
  /** ms since the epoch: from then on the message may be another's, of whom it is not to be said. */
  readonly until: number
}

/** Words of which nobody knows yet whether the server has them. */
export interface Unsure {
  readonly words: readonly Word[]
}

export const ACK: Uint8Array = new TextEncoder().encode('+ACK')

/** Acknowledgements of which the server has yet to say that they are stored. */
export class Confirmations implements Asker, Unsure {
  readonly done: Promise<void>
  /** Those that nobody will confirm any more: of all, once the link has broken. */
  readonly #failed: string[] = []
  #left = 0
  #resolve: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get words(): readonly Word[] {
    return this.#failed.map(reply => ({ reply, word: ACK, until: Infinity }))
  }

  ask(replies: Replies, reply: string): void {
    this.#left++
    try {
      replies.ask(reply, ACK, this, 0)
    } catch (error) {
      this.failed(asError(error), 0, reply)
    }
  }

  answered(): void {
    if (--this.#left === 0) this.#resolve()
  }

  failed(error: Error, _index: number, reply: string): void {
    this.#failed.push(reply)
    this.#reject(ours(error, 'ack'))
  }
}

import { ZmqError } from './errors.ts'
import type { MessageLike, Socket, Writable } from './sockets.ts'

interface Queued {
  readonly message: MessageLike | MessageLike[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Sends for many callers at once: where `socket.send` throws EBUSY while another waits for room, this queues up to `max`
 * messages before the socket's own high-water mark, in order.
 */
export class QueuedSender {
  readonly #socket: Socket & Writable
  readonly #max: number
  readonly #queue: Queued[] = []
  #sending = false

  constructor(socket: Socket & Writable, options: { max: number }) {
    if (!Number.isInteger(options.max) || options.max < 0) throw new ZmqError('EINVAL')
    this.#socket = socket
    this.#max = options.max
  }

  /** Messages that wait here. */
  get length(): number {
    return this.#queue.length
  }

  /** Settles as `socket.send` does, when it is this message's turn; rejects with EAGAIN when `max` messages wait. */
  send(message: MessageLike | MessageLike[]): Promise<void> {
    if (!this.#sending) return this.#first(message)
    if (this.#queue.length >= this.#max) {
      return Promise.reject(new ZmqError('EAGAIN', { message: `${this.#max} messages wait to be sent` }))
    }
    return new Promise((resolve, reject) => this.#queue.push({ message, resolve, reject }))
  }

  async #first(message: MessageLike | MessageLike[]): Promise<void> {
    this.#sending = true
    try {
      await this.#socket.send(message)
    } finally {
      void this.#drain()
    }
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        await this.#socket.send(next.message)
        next.resolve()
      } catch (error) {
        next.reject(error)
      }
    }
    this.#sending = false
  }
}

import { ZmqError } from './errors.ts'
import type { WaitOptions } from './socket.ts'
import type { MessageLike, Socket, Writable } from './sockets.ts'
import { Waiter } from './waiter.ts'

interface Queued {
  readonly message: MessageLike | MessageLike[]
  readonly options: WaitOptions
  readonly waiter: Waiter<void>
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

  /**
   * Settles as `socket.send` does, when it is this message's turn; rejects with EAGAIN when `max` messages wait, and with the
   * signal's reason when it aborts: the message was not sent and its place is free.
   */
  send(message: MessageLike | MessageLike[], options: WaitOptions = {}): Promise<void> {
    if (!this.#sending) return this.#first(message, options)
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    if (this.#queue.length >= this.#max) {
      return Promise.reject(new ZmqError('EAGAIN', { message: `${this.#max} messages wait to be sent` }))
    }
    const waiter = new Waiter<void>(() => {
      const at = this.#queue.indexOf(queued)
      if (at >= 0) this.#queue.splice(at, 1)
    })
    const queued = { message, options, waiter }
    waiter.bound(-1, () => new ZmqError('EAGAIN'), signal)
    this.#queue.push(queued)
    return waiter.promise
  }

  async #first(message: MessageLike | MessageLike[], options: WaitOptions): Promise<void> {
    this.#sending = true
    try {
      await this.#socket.send(message, options)
    } finally {
      void this.#drain()
    }
  }

  async #drain(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        await this.#socket.send(next.message, next.options)
        next.waiter.settle()
      } catch (error) {
        next.waiter.fail(error)
      }
    }
    this.#sending = false
  }
}

import type { Msg, Subscription } from '@nats-io/transport-node'
import { newId, orAborted, Ring } from 'millrace/adapter'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import type { Connection } from './connection.ts'
import { fromNats } from './encode.ts'
import { ours } from './errors.ts'

export interface CoreSourceOptions {
  readonly connection: Connection
  readonly subjects: readonly string[]
  /** The queue group's name. */
  readonly queue: string | undefined
  readonly topicOf: (subject: string) => string
  /** Messages that wait here for room at most; beyond it the newest are dropped, and that is told as a gap. */
  readonly maxPending: number
  readonly sink: Sink
}

/** Messages come as fast as the server sends them; what there is no room for waits here, within a bound. */
export class CoreSource implements Source {
  readonly #options: CoreSourceOptions
  readonly #pending = new Ring<Raw>()
  readonly #subscriptions: Subscription[] = []
  #credit = 0
  #dropped = 0
  /** 'down': core was told, and asks another source. */
  #state: 'open' | 'paused' | 'down' = 'open'
  #off: () => void = () => undefined

  constructor(options: CoreSourceOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal): Promise<void> {
    const { connection, subjects, queue } = this.#options
    const nc = connection.client
    const callback = (error: Error | null, msg: Msg): void =>
      error ? this.#down(ours(error, 'receive')) : this.#arrive(msg)
    for (const subject of subjects)
      this.#subscriptions.push(nc.subscribe(subject, { callback, ...(queue !== undefined && { queue }) }))
    this.#off = connection.onClosed(error => this.#down(error))
    // The server has seen the subscriptions when it has answered.
    await orAborted(connection.flush(nc), signal, 'subscribe')
  }

  request(credit: number): void {
    this.#credit += credit
    while (this.#credit > 0) {
      const raw = this.#pending.shift()
      if (!raw) return
      this.#credit--
      this.#options.sink.deliver([raw])
    }
  }

  /** There is nobody to tell. */
  settle(_batch: readonly Settlement[]): void {}

  pause(): void {
    if (this.#state === 'open') this.#state = 'paused'
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#pending.clear()
  }

  async stop(): Promise<void> {
    this.#state = 'down'
    this.#end()
  }

  #down(error: Error): void {
    if (this.#state === 'down') return
    this.#end()
    this.#state = 'down'
    this.#options.sink.down(error)
  }

  #end(): void {
    this.#off()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#pending.clear()
  }

  #arrive(msg: Msg): void {
    if (this.#state !== 'open') return
    // A message of another producer stands nowhere: its id can only be made up.
    const { message, stamp } = fromNats(msg, [newId()])
    const raw: Raw = {
      topic: this.#options.topicOf(msg.subject),
      message,
      attempt: 1,
      time: stamp.time,
      expires: stamp.expires,
      origin: { subject: msg.subject, ...(msg.reply !== undefined && msg.reply !== '' && { reply: msg.reply }) },
    }
    if (this.#credit > 0) {
      this.#credit--
      this.#options.sink.deliver([raw])
    } else if (this.#pending.size < this.#options.maxPending) this.#pending.push(raw)
    else if (this.#dropped++ % 1000 === 0)
      this.#options.sink.gap(
        `${this.#dropped} messages were dropped: the consumer is slower than its ${this.#options.maxPending} pending ones`,
      )
  }
}

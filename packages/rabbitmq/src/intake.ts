import type { Channel, ConsumeMessage, Options } from 'amqplib'
import { MillraceError } from 'millrace/adapter'
import type { Raw, Sink } from 'millrace/adapter'
import { ours } from './errors.ts'
import { goodbye } from './patience.ts'

/**
 * ms from a consumer's cancellation to the next declaration of its queue: one that is made anew while it is being
 * deleted, some ms, may never answer again (RabbitMQ 4.0, quorum queues).
 */
const RESPITE = 500

/** Consumers on one channel: hands over what arrives within core's credit, and tells once when the channel is lost. */
export class Intake<R extends Raw> {
  readonly #channel: Channel
  readonly #sink: Sink
  readonly #consumers: string[] = []
  /** Here, but not handed over for lack of credit. */
  #waiting: R[] = []
  #credit = 0
  #state: 'open' | 'paused' | 'stopped' | 'down' = 'open'
  #error: Error | undefined
  #respite: NodeJS.Timeout | undefined
  readonly #one: R[] = []

  constructor(channel: Channel, sink: Sink) {
    this.#channel = channel
    this.#sink = sink
    channel.on('error', (error: Error) => (this.#error = error))
    channel.on('close', () => this.#down(this.#error ?? new Error('the channel is closed')))
  }

  /** 'paused': no more is wanted, what is settled still counts. 'down': the channel is lost. */
  get state(): 'open' | 'paused' | 'stopped' | 'down' {
    return this.#state
  }

  /** Whether what is settled can be told to the server. */
  get isUsable(): boolean {
    return this.#state === 'open' || this.#state === 'paused'
  }

  /** @throws DISCONNECTED */
  check(): void {
    if (!this.isUsable) throw new MillraceError('DISCONNECTED', 'rabbitmq: the channel is closed')
  }

  /** Begins to take from a queue. */
  async consume(queue: string, arrive: (from: ConsumeMessage) => void, options?: Options.Consume): Promise<void> {
    const arrived = (from: ConsumeMessage | null): void => {
      if (from === null) this.#cancelled(queue)
      else arrive(from)
    }
    const { consumerTag } = await this.#channel.consume(queue, arrived, options)
    this.#consumers.push(consumerTag)
  }

  /** Hands it over, now or when there is credit. */
  push(raw: R): void {
    if (this.#credit === 0 || this.#waiting.length > 0) this.#waiting.push(raw)
    else {
      this.#credit--
      this.#one[0] = raw
      this.#sink.deliver(this.#one)
    }
  }

  /** Hands it over before what waits, when there is credit again. */
  again(raw: R): void {
    this.#waiting.unshift(raw)
  }

  request(credit: number): void {
    this.#credit += credit
    if (this.#waiting.length === 0) return
    const now = this.#waiting.splice(0, this.#credit)
    this.#credit -= now.length
    this.#sink.deliver(now)
  }

  /** Hands over nothing more. Returns what was waiting; undefined if it was paused before. */
  pause(): R[] | undefined {
    if (this.#state !== 'open') return undefined
    this.#state = 'paused'
    return this.#waiting.splice(0)
  }

  /** Asks the server for no more. The channel's end, if it comes first, does the same. */
  cancel(): void {
    for (const consumer of this.#consumers) this.#channel.cancel(consumer).catch(() => undefined)
  }

  /** Gives the channel up, and tells so a moment later: core attaches again. */
  leave(error: Error): void {
    if (!this.#end()) return
    void goodbye(this.#channel)
    this.#respite = setTimeout(() => this.#sink.down(ours(error, 'receive')), RESPITE)
  }

  async stop(signal: AbortSignal): Promise<void> {
    const was = this.#state
    this.#state = 'stopped'
    this.#waiting = []
    clearTimeout(this.#respite)
    if (was === 'down' || was === 'stopped') return
    await goodbye(this.#channel, signal)
  }

  /** The queue was deleted, or its node went: the channel goes with it, so that what is un-settled comes again. */
  #cancelled(queue: string): void {
    this.leave(new Error(`the server cancelled the consumer of queue '${queue}'`))
  }

  #down(error: Error): void {
    if (!this.#end()) return
    // The client ends channels before it says that the connection has ended: who opens again at once must know that.
    queueMicrotask(() => this.#sink.down(ours(error, 'receive')))
  }

  #end(): boolean {
    if (!this.isUsable) return false
    this.#state = 'down'
    this.#waiting = []
    return true
  }
}

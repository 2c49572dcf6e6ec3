import type { Channel, ConsumeMessage, Options } from 'amqplib'
import { MillraceError } from 'millrace/adapter'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { AckWindow } from './ack-window.ts'
import { again, fromAmqp, handedOut, TOPIC } from './encode.ts'
import { ours } from './errors.ts'
import { goodbye } from './patience.ts'

export interface RabbitSourceOptions {
  readonly channel: Channel
  readonly sink: Sink
  readonly maxDeliveries: number
  /** At the end everything goes back at once with the channel, so that the next consumer finds it in order. */
  readonly together: boolean
  /** Publishes it to its queue again, after so many ms; resolves when the server has it. */
  readonly again: (queue: string, delay: number, content: Uint8Array, options: Options.Publish) => Promise<void>
}

interface RabbitRaw extends Raw {
  readonly from: ConsumeMessage
  readonly queue: string
}

/**
 * Hand-outs after which a released message goes back as a new one: the queue counts releases as well, and drops what
 * it has handed out too often.
 */
const RENEWED = 20

/**
 * ms from a consumer's cancellation to the next declaration of its queue: one that is made anew while it is being
 * deleted, some ms, may never answer again (RabbitMQ 4.0, quorum queues).
 */
const RESPITE = 500

/** Consumes queues over one channel, within core's credit, and settles exactly what it is told. */
export class RabbitSource implements Source {
  readonly #options: RabbitSourceOptions
  readonly #channel: Channel
  readonly #window = new AckWindow()
  readonly #consumers: string[] = []
  /** Here, but not handed over for lack of credit. */
  #waiting: RabbitRaw[] = []
  #credit = 0
  #state: 'open' | 'paused' | 'stopped' | 'down' = 'open'
  #error: Error | undefined
  readonly #one: Raw[] = []
  #respite: NodeJS.Timeout | undefined

  constructor(options: RabbitSourceOptions) {
    this.#options = options
    this.#channel = options.channel
    this.#channel.on('error', (error: Error) => (this.#error = error))
    this.#channel.on('close', () => this.#down(this.#error ?? new Error('the channel is closed')))
  }

  /** Begins to take from a queue, whose messages are all of that topic if it is given. */
  async consume(queue: string, topic: string | undefined): Promise<void> {
    const { consumerTag } = await this.#channel.consume(queue, from => {
      if (from === null) this.#cancelled(queue)
      else this.#arrive(from, queue, topic)
    })
    this.#consumers.push(consumerTag)
  }

  request(credit: number): void {
    this.#credit += credit
    if (this.#waiting.length === 0) return
    const now = this.#waiting.splice(0, this.#credit)
    this.#credit -= now.length
    this.#options.sink.deliver(now)
  }

  settle(batch: readonly Settlement[]): void | Promise<void> {
    if (this.#state === 'down' || this.#state === 'stopped')
      return Promise.reject(new MillraceError('DISCONNECTED', 'rabbitmq: the channel is closed'))
    const acks: number[] = []
    let coming: Promise<void>[] | undefined
    for (let i = 0; i < batch.length; i++) {
      const { raw, outcome, delay, attempt } = batch[i]! // i < length
      const own = raw as RabbitRaw
      if (outcome === 'ack') acks.push(own.from.fields.deliveryTag)
      else if (outcome === 'nack') (coming ??= []).push(this.#comeAgain(own, delay, attempt + 1))
      else if (outcome === 'release') {
        const renewed = this.#release(own)
        if (renewed) (coming ??= []).push(renewed)
      }
    }
    if (acks.length > 0) this.#acknowledge(acks)
    return coming ? Promise.all(coming).then(written) : written()
  }

  pause(): void {
    if (this.#state !== 'open') return
    this.#state = 'paused'
    if (this.#options.together) return
    // The channel's end, if it comes first, does the same.
    for (const consumer of this.#consumers) this.#channel.cancel(consumer).catch(() => undefined)
    for (const raw of this.#waiting.splice(0)) void this.#release(raw)?.catch(() => undefined)
  }

  async stop(): Promise<void> {
    const was = this.#state
    this.#state = 'stopped'
    this.#waiting = []
    clearTimeout(this.#respite)
    if (was === 'down' || was === 'stopped') return
    await goodbye(this.#channel)
  }

  #arrive(from: ConsumeMessage, queue: string, known: string | undefined): void {
    const { message, stamp } = fromAmqp(from)
    const { fields } = from
    const attempt = stamp.attempt ?? 1
    const count = handedOut(from)
    const raw: RabbitRaw = {
      topic: known ?? topicOf(from),
      message,
      // A crash is no attempt of the others that were in hand, but after five times as many it may be this one's doing.
      attempt: count >= 5 * this.#options.maxDeliveries ? attempt + count : attempt,
      redelivered: fields.redelivered,
      time: stamp.time,
      expires: stamp.expires,
      origin: { queue, exchange: fields.exchange, routingKey: fields.routingKey, deliveryTag: fields.deliveryTag },
      from,
      queue,
    }
    if (this.#state === 'paused') void this.#release(raw)?.catch(() => undefined)
    else if (this.#state !== 'open') return
    else if (this.#credit === 0 || this.#waiting.length > 0) this.#waiting.push(raw)
    else {
      this.#credit--
      this.#one[0] = raw
      this.#options.sink.deliver(this.#one)
    }
  }

  #acknowledge(tags: number[]): void {
    this.#window.acknowledge(tags, (deliveryTag, multiple) => {
      this.#channel.ack(tagged(deliveryTag), multiple)
    })
  }

  /** Back to the queue as it is; as a new message where the queue would soon drop it. */
  #release(raw: RabbitRaw): Promise<void> | undefined {
    if (this.#state === 'paused' && this.#options.together) return undefined
    if (handedOut(raw.from) >= RENEWED) return this.#comeAgain(raw, 0, raw.attempt)
    this.#requeue(raw)
    return undefined
  }

  #requeue({ from }: RabbitRaw): void {
    this.#window.settled(from.fields.deliveryTag)
    this.#channel.nack(from, false, true)
  }

  /** A copy goes to the queue, and only when the server has it the original is acknowledged. */
  async #comeAgain(raw: RabbitRaw, delay: number, attempt: number): Promise<void> {
    const { from, queue, topic } = raw
    const id = raw.message?.id ?? ''
    try {
      await this.#options.again(queue, delay, from.content, again(from, { id, topic, attempt }))
    } catch (error) {
      // Sooner than asked for, and with the same count, but not lost.
      if (this.#isUsable()) this.#requeue(raw)
      throw ours(error, 'nack')
    }
    if (!this.#isUsable()) throw new MillraceError('DISCONNECTED', 'rabbitmq: the channel is closed')
    this.#acknowledge([from.fields.deliveryTag])
  }

  #isUsable(): boolean {
    return this.#state === 'open' || this.#state === 'paused'
  }

  /** The queue was deleted, or its node went: the channel goes with it, so that what is un-settled comes again. */
  #cancelled(queue: string): void {
    const error = new Error(`the server cancelled the consumer of queue '${queue}'`)
    if (!this.#end()) return
    void goodbye(this.#channel)
    this.#respite = setTimeout(() => this.#options.sink.down(ours(error, 'receive')), RESPITE)
  }

  #down(error: Error): void {
    if (!this.#end()) return
    // The client ends channels before it says that the connection has ended: who opens again at once must know that.
    queueMicrotask(() => this.#options.sink.down(ours(error, 'receive')))
  }

  #end(): boolean {
    if (this.#state === 'down' || this.#state === 'stopped') return false
    this.#state = 'down'
    this.#waiting = []
    return true
  }
}

function topicOf({ fields, properties }: ConsumeMessage): string {
  const told: unknown = properties.headers?.[TOPIC]
  if (typeof told === 'string') return told
  const { routingKey } = fields
  // What was published with a delay: its bits, 't' or 'd', and the topic.
  return BITS.test(routingKey) ? routingKey.replace(BITS, '') : routingKey
}

const BITS = /^(?:[01]\.){26}[td]\./

/** Resolves when the client, which gathers frames for a turn of the event loop, has written what it was given. */
async function written(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** What the client's `ack` reads of a message. */
function tagged(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage
}

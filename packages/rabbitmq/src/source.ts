import type { Channel, ConsumeMessage, Options } from 'amqplib'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { AckWindow } from './ack-window.ts'
import { again, fromAmqp, handedOut, TOPIC } from './encode.ts'
import { ours } from './errors.ts'
import { FrameWriter } from './frame-writer.ts'
import { Intake } from './intake.ts'

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
  readonly consumer: Consumer
}

/** One queue that is consumed. */
interface Consumer {
  readonly queue: string
  /** That of all its messages, if there is only one. */
  readonly topic: string | undefined
  /** Messages that are here and not settled. */
  held: number
}

/**
 * Hand-outs after which a released message goes back as a new one: the queue counts releases as well, and drops what
 * it has handed out too often.
 */
const RENEWED = 20

/** Consumes queues over one channel, within core's credit, and settles exactly what it is told. */
export class RabbitSource implements Source {
  readonly #options: RabbitSourceOptions
  readonly #channel: Channel
  readonly #intake: Intake<RabbitRaw>
  readonly #window = new AckWindow()
  readonly #writer: FrameWriter
  readonly #consumers: Consumer[] = []
  readonly #ack = (tag: number, multiple: boolean): void => {
    if (!this.#writer.acknowledge(tag, multiple)) this.#channel.ack(tagged(tag), multiple)
  }

  constructor(options: RabbitSourceOptions) {
    this.#options = options
    this.#channel = options.channel
    this.#writer = new FrameWriter(options.channel)
    this.#intake = new Intake(options.channel, options.sink)
  }

  /** Begins to take from a queue, whose messages are all of that topic if it is given. */
  consume(queue: string, topic: string | undefined): Promise<void> {
    const consumer: Consumer = { queue, topic, held: 0 }
    this.#consumers.push(consumer)
    return this.#intake.consume(queue, from => this.#arrive(from, consumer))
  }

  /** How many messages of a queue are here and not settled. */
  held(queue: string): number {
    if (!this.#intake.isUsable) return 0 // they went back
    return this.#consumers.reduce((sum, one) => (one.queue === queue ? sum + one.held : sum), 0)
  }

  request(credit: number): void {
    this.#intake.request(credit)
  }

  settle(batch: readonly Settlement[]): void | Promise<void> {
    this.#intake.check()
    const acks: number[] = []
    let coming: Promise<void>[] | undefined
    for (let i = 0; i < batch.length; i++) {
      const { raw, outcome, delay, attempt } = batch[i]! // i < length
      const own = raw as RabbitRaw
      if (outcome === 'ack') {
        own.consumer.held--
        acks.push(own.from.fields.deliveryTag)
      } else if (outcome === 'nack') (coming ??= []).push(this.#comeAgain(own, delay, attempt + 1))
      else if (outcome === 'release') {
        const renewed = this.#release(own)
        if (renewed) (coming ??= []).push(renewed)
      }
    }
    if (acks.length > 0) this.#acknowledge(acks)
    if (coming) return Promise.all(coming).then(written)
    return this.#writer.clear ? undefined : written()
  }

  pause(): void {
    const waiting = this.#intake.pause()
    if (!waiting || this.#options.together) return
    this.#intake.cancel()
    for (const raw of waiting) void this.#release(raw)?.catch(() => undefined)
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#intake.stop(signal)
  }

  #arrive(from: ConsumeMessage, consumer: Consumer): void {
    const { queue, topic: known } = consumer
    consumer.held++
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
      consumer,
    }
    const { state } = this.#intake
    if (state === 'open') this.#intake.push(raw)
    else if (state === 'paused') void this.#release(raw)?.catch(() => undefined)
  }

  #acknowledge(tags: number[]): void {
    this.#window.acknowledge(tags, this.#ack)
    this.#writer.flush()
  }

  /** Back to the queue as it is; as a new message where the queue would soon drop it. */
  #release(raw: RabbitRaw): Promise<void> | undefined {
    if (this.#intake.state === 'paused' && this.#options.together) return undefined
    if (handedOut(raw.from) >= RENEWED) return this.#comeAgain(raw, 0, raw.attempt)
    this.#requeue(raw)
    return undefined
  }

  #requeue({ from, consumer }: RabbitRaw): void {
    consumer.held--
    this.#window.settled(from.fields.deliveryTag)
    this.#channel.nack(from, false, true)
  }

  /** A copy goes to the queue, and only when the server has it the original is acknowledged. */
  async #comeAgain(raw: RabbitRaw, delay: number, attempt: number): Promise<void> {
    const { from, consumer, topic } = raw
    const id = raw.message?.id ?? ''
    try {
      await this.#options.again(consumer.queue, delay, from.content, again(from, { id, topic, attempt }))
    } catch (error) {
      // Sooner than asked for, and with the same count, but not lost.
      if (this.#intake.isUsable) this.#requeue(raw)
      throw ours(error, 'nack')
    }
    this.#intake.check()
    consumer.held--
    this.#acknowledge([from.fields.deliveryTag])
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
export async function written(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** What the client's `ack` reads of a message. */
function tagged(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage
}

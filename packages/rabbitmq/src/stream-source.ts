import type { Channel, ConsumeMessage } from 'amqplib'
import { ContiguousTracker, MillraceError } from 'millrace/adapter'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { AckWindow } from './ack-window.ts'
import { fromAmqp } from './encode.ts'
import { FrameWriter } from './frame-writer.ts'
import { Intake } from './intake.ts'
import { joined, START } from './stream-place.ts'
import type { StreamPlace, StreamStart } from './stream-place.ts'

interface StreamRaw extends Raw {
  readonly reading: Reading
  readonly offset: number
  readonly tag: number
}

/** How far one stream is read. */
interface Reading {
  readonly topic: string
  readonly stream: string
  readonly start: StreamStart
  readonly tracker: ContiguousTracker
  next: number | undefined
  /** Whether anything has come. */
  came: boolean
  /** Runs until then, where the stream must have something. */
  silence: NodeJS.Timeout | undefined
  /** The stream does not reach its place: all of it is to be read. */
  short: boolean
}

/** ms in which a stream shows what it has from a place on; a replica may have to catch up first. */
const PROMPT = 5_000

/**
 * Reads streams over one channel. The server keeps no place and takes nothing back: an acknowledgement only makes room
 * for more, and what is released comes again from here.
 */
export class StreamSource implements Source {
  readonly #channel: Channel
  readonly #sink: Sink
  readonly #intake: Intake<StreamRaw>
  readonly #window = new AckWindow()
  readonly #writer: FrameWriter
  readonly #readings = new Map<string, Reading>()

  constructor(channel: Channel, sink: Sink) {
    this.#channel = channel
    this.#sink = sink
    this.#writer = new FrameWriter(channel)
    this.#intake = new Intake(channel, sink)
  }

  /** Begins to read the stream of a topic. */
  async consume(stream: string, topic: string, start: StreamStart): Promise<void> {
    const { argument, next } = start
    const tracker = new ContiguousTracker()
    const reading: Reading = { topic, stream, start, tracker, next, came: false, silence: undefined, short: false }
    this.#readings.set(topic, reading)
    await this.#intake.consume(stream, from => this.#arrive(from, reading), {
      arguments: { 'x-stream-offset': argument },
    })
    // It has what is settled, or something behind that.
    if (next !== undefined && next > 0 && !reading.came && this.#intake.state === 'open')
      reading.silence = setTimeout(() => void this.#silent(reading, next).catch(() => undefined), PROMPT).unref()
  }

  request(credit: number): void {
    this.#intake.request(credit)
  }

  settle(batch: readonly Settlement[]): void {
    this.#intake.check()
    const done: number[] = []
    for (let i = 0; i < batch.length; i++) {
      const { raw, outcome } = batch[i]! // i < length
      const own = raw as StreamRaw
      if (outcome === 'ack') {
        own.reading.tracker.settled(own.offset)
        done.push(own.tag)
      } else if (outcome === 'release' && this.#intake.state === 'open')
        this.#intake.again({ ...own, redelivered: true })
      // A nack comes only at the end, where nobody is left to have it again; a hold waits in core.
    }
    this.#acknowledge(done)
  }

  position(): string {
    return joined(new Map(Array.from(this.#readings, ([topic, reading]) => [topic, placeIn(reading)])))
  }

  pause(): void {
    if (this.#intake.pause()) this.#intake.cancel()
  }

  stop(signal: AbortSignal): Promise<void> {
    for (const { silence } of this.#readings.values()) clearTimeout(silence)
    return this.#intake.stop(signal)
  }

  /** The stream lost its end with the machine, or is a new one of the same name: it is read anew, as a whole. */
  async #silent(reading: Reading, next: number): Promise<void> {
    if (this.#intake.state !== 'open') return
    // The answer comes behind what the server has sent, however slow the line and this process are.
    await this.#channel.checkExchange('amq.fanout')
    if (reading.came || this.#intake.state !== 'open') return
    reading.short = true
    const why = `the stream of '${reading.topic}' ends before offset ${next}: it is read from its start`
    this.#sink.gap(why)
    this.#intake.leave(new MillraceError('DISCONNECTED', `rabbitmq: ${why}`))
  }

  #arrive(from: ConsumeMessage, reading: Reading): void {
    if (this.#intake.state !== 'open') return
    const offset = Number(from.properties.headers?.['x-stream-offset'])
    const { topic, stream, start, tracker } = reading
    if (!reading.came) {
      reading.came = true
      clearTimeout(reading.silence)
    }
    if (reading.next !== undefined && offset < reading.next) {
      this.#acknowledge([from.fields.deliveryTag]) // settled before
      return
    }
    if (reading.next !== undefined && offset > reading.next)
      this.#sink.gap(`the stream of '${topic}' no longer has offsets ${reading.next} to ${offset - 1}`)
    reading.next = offset + 1
    tracker.handed(offset)
    const { message, stamp } = fromAmqp(from, [stream, offset])
    const tag = from.fields.deliveryTag
    if (start.since !== undefined && stamp.time !== undefined && stamp.time < start.since) {
      tracker.settled(offset)
      this.#acknowledge([tag])
      return
    }
    this.#intake.push({
      topic,
      message,
      attempt: 1,
      time: stamp.time,
      expires: stamp.expires,
      position: String(offset),
      origin: { stream, offset },
      reading,
      offset,
      tag,
    })
  }

  #acknowledge(tags: number[]): void {
    this.#window.acknowledge(tags, (deliveryTag, multiple) => {
      if (!this.#writer.acknowledge(deliveryTag, multiple))
        this.#channel.ack({ fields: { deliveryTag } } as ConsumeMessage, multiple)
    })
    this.#writer.flush()
  }
}

function placeIn({ tracker, start, short }: Reading): StreamPlace {
  if (short) return START
  const { done, oldest } = tracker
  if (done !== undefined) return { is: 'offset', offset: done }
  // It began with the oldest that is open, whatever the start was called.
  return oldest === undefined ? start.place : { is: 'offset', offset: oldest - 1 }
}

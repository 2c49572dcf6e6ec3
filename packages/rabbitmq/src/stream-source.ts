import type { Channel, ConsumeMessage } from 'amqplib'
import { ContiguousTracker } from 'millrace/adapter'
import type { Raw, Settlement, Sink, Source } from 'millrace/adapter'
import { AckWindow } from './ack-window.ts'
import { fromAmqp } from './encode.ts'
import { Intake } from './intake.ts'
import { joined } from './stream-place.ts'
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
}

/**
 * Reads streams over one channel. The server keeps no place and takes nothing back: an acknowledgement only makes room
 * for more, and what is released comes again from here.
 */
export class StreamSource implements Source {
  readonly #channel: Channel
  readonly #sink: Sink
  readonly #intake: Intake<StreamRaw>
  readonly #window = new AckWindow()
  readonly #readings = new Map<string, Reading>()

  constructor(channel: Channel, sink: Sink) {
    this.#channel = channel
    this.#sink = sink
    this.#intake = new Intake(channel, sink)
  }

  /** Begins to read the stream of a topic. */
  consume(stream: string, topic: string, start: StreamStart): Promise<void> {
    const reading: Reading = { topic, stream, start, tracker: new ContiguousTracker(), next: start.next }
    this.#readings.set(topic, reading)
    const options = { arguments: { 'x-stream-offset': start.argument } }
    return this.#intake.consume(stream, from => this.#arrive(from, reading), options)
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

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  #arrive(from: ConsumeMessage, reading: Reading): void {
    if (this.#intake.state !== 'open') return
    const offset = Number(from.properties.headers?.['x-stream-offset'])
    const { topic, stream, start, tracker } = reading
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
      this.#channel.ack({ fields: { deliveryTag } } as ConsumeMessage, multiple)
    })
  }
}

function placeIn({ tracker, start }: Reading): StreamPlace {
  const { done, oldest } = tracker
  if (done !== undefined) return { is: 'offset', offset: done }
  // It began with the oldest that is open, whatever the start was called.
  return oldest === undefined ? start.place : { is: 'offset', offset: oldest - 1 }
}

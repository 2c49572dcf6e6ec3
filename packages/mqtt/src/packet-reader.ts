import type { MqttClient } from 'mqtt'
import { ACK_SIZE, endOf, idOfPuback, isPuback, isPublish, readPublish, reasonOfPuback } from './packets.ts'
import type { ReceivedPublish } from './packets.ts'

type Done = (error?: Error | null) => void
type Write = (chunk: Buffer, encoding: BufferEncoding, done: Done) => void

/** What reads for the client: what the connection is piped to. */
interface Reading {
  _write: Write
}

/** Who takes what is read past the client. What nobody takes is the client's. */
export interface Taking {
  publish?: (packet: ReceivedPublish) => void
  /** False where it is the client's own. */
  puback?: (id: number, reason: number) => boolean
}

/** One that is read here: a PUBLISH, or else a PUBACK. */
interface Found {
  readonly packet: ReceivedPublish | undefined
  readonly end: number
}

/** Larger packets are the client's: what a message costs there is little beside its bytes. */
const LARGEST = 64 * 1024
/** Bytes in which a packet has told its length (MQTT 5 §2.1.4). */
const HEAD = 5

/**
 * Takes what is PUBLISH at QoS 1, or its PUBACK, out of what a connection receives, before the client reads it: there each costs a
 * packet object, a turn and two dozen calls. All else the client gets, in its place: it is done with what came before
 * when the next is taken, and gets its own when that is. It takes the place of a method of what the connection is piped
 * to, which the client keeps to itself; where there is none, the client reads all.
 */
export class PacketReader {
  readonly #taking: Taking
  readonly #version: 4 | 5
  #theirs: Write = (_chunk, _encoding, done) => done()
  /** The beginning of a packet, where it is not known yet whose it is, or it is read here. */
  #rest: Buffer | undefined
  /** Bytes to come of what the client reads. */
  #owed = 0

  constructor(client: MqttClient, taking: Taking) {
    this.#taking = taking
    const { protocolVersion, properties } = client.options
    this.#version = protocolVersion === 5 ? 5 : 4
    const reading = pipedTo(client)
    // What the user has bounded the client checks.
    if (!reading || properties?.maximumPacketSize !== undefined) return
    this.#theirs = reading._write.bind(reading)
    reading._write = (chunk, _encoding, done) => {
      const rest = this.#rest
      this.#rest = undefined
      this.#read(rest ? Buffer.concat([rest, chunk]) : chunk, 0, done)
    }
  }

  #read(chunk: Buffer, at: number, done: Done): void {
    /** What is the client's, and before `at`. */
    let from = at
    for (;;) {
      const passed = Math.min(this.#owed, chunk.length - at)
      this.#owed -= passed
      at += passed
      const next = at === chunk.length ? 'none' : this.#nextIn(chunk, at)
      if (typeof next === 'number') this.#owed = next
      else if (at > from) {
        if (!this.#hand(chunk.subarray(from, at), () => this.#read(chunk, at, done), done)) return
        from = at
      } else if (typeof next === 'object') {
        if (this.#take(next, chunk, at)) from = at = next.end
        else this.#owed = next.end - at
      } else {
        // Copied: a view would keep the whole chunk.
        if (next === 'part') this.#rest = Buffer.from(chunk.subarray(at))
        done()
        return
      }
    }
  }

  /** What begins there: one that is read here, so many bytes of the client's, or a part of what is not known yet. */
  #nextIn(chunk: Buffer, at: number): Found | number | 'part' {
    const end = endOf(chunk, at)
    // Of a length that is none the client will tell.
    if (end === undefined) return chunk.length - at < HEAD ? 'part' : Infinity
    const { publish, puback } = this.#taking
    const wanted = isPublish(chunk[at]) ? publish : isPuback(chunk[at]) ? puback : undefined
    if (!wanted || end - at > LARGEST || end - at < ACK_SIZE) return end - at
    if (end > chunk.length) return 'part'
    if (wanted === puback) return { packet: undefined, end }
    const packet = readPublish(chunk, at, { end, version: this.#version })
    return packet ? { packet, end } : end - at
  }

  #take({ packet, end }: Found, chunk: Buffer, at: number): boolean {
    if (!packet) return this.#taking.puback?.(idOfPuback(chunk, at), reasonOfPuback(chunk, at, end)) === true
    this.#taking.publish?.(packet)
    return true
  }

  /** To the client. False where it is not done with it yet: `go` is called when it is. */
  #hand(bytes: Buffer, go: () => void, failed: Done): boolean {
    let answer: 'none' | 'later' | 'done' = 'none'
    this.#theirs(bytes, 'utf8', error => {
      if (error) failed(error)
      else if (answer === 'later') go()
      else answer = 'done'
    })
    if ((answer as string) === 'done') return true
    answer = 'later'
    return false
  }
}

function pipedTo({ stream }: MqttClient): Reading | undefined {
  const { _readableState: state } = stream as unknown as {
    readonly _readableState?: { readonly pipes?: readonly Partial<Reading>[] }
  }
  const to = state?.pipes?.[0]
  return typeof to?._write === 'function' ? (to as Reading) : undefined
}

import { encodeCommand, isCommand } from './command.ts'
import { COMMAND, FrameHeader, LONGEST_HEADER, MORE, writeHeader } from './frame.ts'
import { GREETING_SIZE } from './greeting.ts'
import { encodeMetadata } from './metadata.ts'

/** Octets of the longest datagram, as libzmq has it (`MAX_UDP_MSG`). */
export const LONGEST_DATAGRAM = 8192

/** `datagram = group-length group body`: a message of RADIO (RFC 48). Undefined where the group or the whole is too long. */
export function encodeGroupDatagram(group: Uint8Array, body: Uint8Array): Uint8Array | undefined {
  const size = 1 + group.length + body.length
  if (group.length > 255 || size > LONGEST_DATAGRAM) return undefined
  const datagram = new Uint8Array(size)
  datagram[0] = group.length
  datagram.set(group, 1)
  datagram.set(body, 1 + group.length)
  return datagram
}

/** Group and body of a datagram for a DISH, or undefined where it is shorter than it says. Views. */
export function decodeGroupDatagram(datagram: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined {
  if (datagram.length === 0) return undefined
  const end = 1 + datagram[0]!
  return end > datagram.length ? undefined : [datagram.subarray(1, end), datagram.subarray(end)]
}

/** A message of two frames as packed records. */
export function packPair(first: Uint8Array, second: Uint8Array): Uint8Array {
  const octets = new Uint8Array(first.length + second.length + 2 * LONGEST_HEADER)
  let at = writeHeader(octets, 0, MORE, first.length)
  octets.set(first, at)
  at = writeHeader(octets, at + first.length, 0, second.length)
  octets.set(second, at)
  return octets.subarray(0, at + second.length)
}

/** What a ZMTP peer would have said before its first message: with datagrams nobody says it. */
export function impliedHandshake(theirs: 'RADIO' | 'DISH' | 'DGRAM'): Uint8Array {
  const type = new TextEncoder().encode(theirs)
  const ready = encodeCommand('READY', encodeMetadata([['Socket-Type', type]]))
  const octets = new Uint8Array(GREETING_SIZE + LONGEST_HEADER + ready.length)
  octets.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 0x4e, 0x55, 0x4c, 0x4c])
  const at = writeHeader(octets, GREETING_SIZE, COMMAND, ready.length)
  octets.set(ready, at)
  return octets.subarray(0, at + ready.length)
}

/** `PONG` as a frame, for an engine whose peer cannot send one. */
export const PONG_FRAME: Uint8Array = Uint8Array.of(COMMAND, 5, ...encodeCommand('PONG'))

/** What a reader of an engine's octets finds. */
export interface PairEvents {
  /** A message of two frames. Theirs to keep. */
  pair(first: Uint8Array, second: Uint8Array): void
  /** The engine asks for a sign of life. */
  ping(): void
}

/**
 * Finds the messages in what a ZMTP engine writes, whatever pieces it comes in: the greeting and all commands but PING are left
 * out, and so is a message that is not of two frames or whose frames do not fit into a datagram.
 */
export class PairReader {
  readonly #events: PairEvents
  readonly #header = new FrameHeader()
  readonly #held = new Uint8Array(LONGEST_HEADER)
  #heldSize = 0
  #greeting = GREETING_SIZE
  // The frame that is being read; its octets are left out where they are too many.
  #body: Uint8Array | undefined
  #left = -1
  #frames: Uint8Array[] = []
  #fits = true

  constructor(events: PairEvents) {
    this.#events = events
  }

  write(chunk: Uint8Array): void {
    let at = Math.min(this.#greeting, chunk.length)
    this.#greeting -= at
    while (at < chunk.length) {
      if (this.#left < 0) {
        this.#held[this.#heldSize++] = chunk[at++]!
        if (!this.#header.read(this.#held, 0, this.#heldSize)) continue
        const { size } = this.#header
        this.#heldSize = 0
        this.#left = size
        this.#body = size > LONGEST_DATAGRAM ? undefined : new Uint8Array(size)
      } else {
        const size = Math.min(this.#left, chunk.length - at)
        this.#body?.set(chunk.subarray(at, at + size), this.#body.length - this.#left)
        this.#left -= size
        at += size
      }
      if (this.#left === 0) this.#frame()
    }
  }

  #frame(): void {
    const { flags } = this.#header
    const body = this.#body
    this.#left = -1
    this.#body = undefined
    if ((flags & COMMAND) !== 0) {
      if (body !== undefined && isCommand('PING', body, 0, body.length)) this.#events.ping()
      return
    }
    if (body === undefined || this.#frames.length === 2) this.#fits = false
    else this.#frames.push(body)
    if ((flags & MORE) !== 0) return
    const [first, second] = this.#frames
    if (this.#fits && first !== undefined && second !== undefined) this.#events.pair(first, second)
    this.#frames = []
    this.#fits = true
  }
}

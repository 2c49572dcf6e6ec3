import { encodeCommand } from './command.ts'
import { COMMAND, headerSize, MORE, writeHeader } from './frame.ts'
import {
  LONGEST_WS_HEADER,
  maskOctets,
  WS_CLOSE,
  WS_CONTINUATION,
  WS_PING,
  WS_PONG,
  WS_TEXT,
  WsHeader,
} from './websocket.ts'

/** What a reader comes across apart from messages. */
export interface ZwsEvents {
  /** To be answered with a PONG that carries the same octets. Not to be kept. */
  ping(payload: Uint8Array): void
  /** The peer ends the connection; nothing more is read. */
  close(): void
}

/**
 * Turns the octets of a ZWS connection (RFC 45 over RFC 6455), after the upgrade, into frames of ZMTP 2 and 3.
 *
 *     message = flags body                        ; one binary message for each ZMTP frame
 *     flags   = %x00 last | %x01 more | %x02 command
 *
 * A PONG becomes ZMTP's PONG. Unfragmented messages pass through as they come; a fragmented one has to be gathered first,
 * because a ZMTP frame begins with its size.
 */
export class ZwsReader {
  /** What the peer did wrong, or ''. */
  fault = ''
  readonly #events: ZwsEvents
  readonly #masked: boolean
  readonly #largest: number
  readonly #header = new WsHeader()
  // A header that came in part.
  readonly #held = new Uint8Array(LONGEST_WS_HEADER)
  #heldSize = 0
  #state: State = { is: 'header' }
  #gathered: Gathered | undefined
  #ended = false

  /** `masked`: the peer is a client. `largest`: octets of the largest ZMTP frame. */
  constructor(events: ZwsEvents, { masked, largest }: { masked: boolean; largest: number }) {
    this.#events = events
    this.#masked = masked
    this.#largest = largest
  }

  /** Octets of room that `read` needs at most for this many. */
  static room(size: number): number {
    // A message of 256 octets and more has a header of 9 octets in place of 5, flags counted; a control frame of 2 octets
    // becomes a PONG of 7.
    return size * 4 + 32
  }

  /**
   * Takes the next octets, which are unmasked in place, and puts ZMTP frames into `target`, which has `room(…)` for them.
   * Answers the octets written. After a fault or a close nothing more is read.
   */
  read(chunk: Uint8Array, target: { octets: Uint8Array }): number {
    let at = 0
    let to = 0
    while (!this.#ended) {
      const state = this.#state
      if (state.is === 'header') {
        const used = this.#readHeader(chunk, at)
        if (used < 0) break
        at += used
        if (this.fault === '') this.#begin()
        if (this.fault !== '') this.#ended = true
        continue
      }
      const size = Math.min(chunk.length - at, state.left)
      if (size === 0 && state.left > 0) break
      if (this.#masked) state.phase = maskOctets(chunk, at, at + size, this.#header.mask, state.phase)
      state.left -= size
      switch (state.is) {
        case 'control':
          state.payload.set(chunk.subarray(at, at + size), state.filled)
          state.filled += size
          if (state.left === 0) to = this.#control(state, target.octets, to)
          break
        case 'message':
          to = this.#pass(state, chunk, at, size, target.octets, to)
          break
        case 'fragment':
          this.#gather(chunk.subarray(at, at + size))
          if (state.left === 0 && this.#header.final) to = this.#deliver(target, to)
      }
      at += size
      if (state.left === 0) this.#state = HEADER
      if (this.fault !== '') this.#ended = true
    }
    return to
  }

  // Answers the octets of the chunk that belong to the header, or -1 where it is not whole yet (the chunk is used up then).
  #readHeader(chunk: Uint8Array, at: number): number {
    const header = this.#header
    if (this.#heldSize === 0) {
      if (header.read(chunk, at, chunk.length)) return header.length
      this.#heldSize = chunk.length - at
      this.#held.set(chunk.subarray(at))
      return -1
    }
    const before = this.#heldSize
    const taken = Math.min(chunk.length - at, LONGEST_WS_HEADER - before)
    this.#held.set(chunk.subarray(at, at + taken), before)
    if (header.read(this.#held, 0, before + taken)) {
      this.#heldSize = 0
      return header.length - before
    }
    this.#heldSize += taken
    return -1
  }

  #begin(): void {
    const { final, opcode, masked, size, fault } = this.#header
    if (fault !== '') return this.#fail(fault)
    if (masked !== this.#masked) {
      return this.#fail(masked ? 'a masked WebSocket frame, from a server' : 'a WebSocket frame without a mask')
    }
    if (opcode >= WS_CLOSE) {
      this.#state = { is: 'control', left: size, phase: 0, payload: new Uint8Array(size), filled: 0 }
      return
    }
    if (opcode === WS_TEXT) return this.#fail('a WebSocket message of text')
    if ((opcode === WS_CONTINUATION) !== (this.#gathered !== undefined)) {
      return this.#fail('a WebSocket fragment out of turn')
    }
    const whole = (this.#gathered?.size ?? 0) + size
    if (whole - 1 > this.#largest) return this.#fail(`a frame of ${whole - 1} octets, more than MAXMSGSIZE allows`)
    if (opcode === WS_CONTINUATION || !final) {
      this.#gathered ??= { parts: [], size: 0 }
      if (this.#gathered.parts.length >= MOST_FRAGMENTS) return this.#fail('a WebSocket message in too many fragments')
      this.#state = { is: 'fragment', left: size, phase: 0 }
      return
    }
    if (size === 0) return this.#fail('a WebSocket message without flags')
    this.#state = { is: 'message', left: size, phase: 0, size: size - 1, begun: false }
  }

  #pass(state: MessageState, chunk: Uint8Array, at: number, size: number, target: Uint8Array, to: number): number {
    let from = at
    let next = to
    if (!state.begun && size > 0) {
      const flags = this.#flags(chunk[from++]!)
      if (flags < 0) return to
      next = writeHeader(target, next, flags, state.size)
      state.begun = true
    }
    const end = at + size
    if (end > from) target.set(chunk.subarray(from, end), next)
    return next + end - from
  }

  #control(state: ControlState, target: Uint8Array, to: number): number {
    switch (this.#header.opcode) {
      case WS_PING:
        this.#events.ping(state.payload)
        return to
      case WS_PONG: {
        const next = writeHeader(target, to, COMMAND, PONG.length)
        target.set(PONG, next)
        return next + PONG.length
      }
      default:
        this.#ended = true
        this.#events.close()
        return to
    }
  }

  #gather(part: Uint8Array): void {
    const gathered = this.#gathered! // a fragment is only read while there is one
    if (part.length === 0) return
    // Not `slice`: a Buffer's is a view.
    gathered.parts.push(new Uint8Array(part))
    gathered.size += part.length
  }

  #deliver(target: { octets: Uint8Array }, to: number): number {
    const { parts, size } = this.#gathered! // as in #gather
    this.#gathered = undefined
    if (size === 0) {
      this.#fail('a WebSocket message without flags')
      return to
    }
    const flags = this.#flags(parts[0]![0]!)
    if (flags < 0) return to
    // What was gathered over several reads does not fit into the room for one.
    const larger = new Uint8Array(target.octets.length + headerSize(size) + size)
    larger.set(target.octets.subarray(0, to))
    target.octets = larger
    let next = writeHeader(larger, to, flags, size - 1)
    for (const [i, part] of parts.entries()) {
      const body = i === 0 ? part.subarray(1) : part
      larger.set(body, next)
      next += body.length
    }
    return next
  }

  // The flags of the ZMTP frame, or -1.
  #flags(zws: number): number {
    if (zws === 0) return 0
    if (zws === 1) return MORE
    if (zws === 2) return COMMAND
    this.#fail(`a ZWS message with the flags ${zws}`)
    return -1
  }

  #fail(what: string): void {
    this.fault = `the peer sent ${what}`
  }
}

type ControlState = {
  readonly is: 'control'
  left: number
  phase: number
  readonly payload: Uint8Array
  filled: number
}
type MessageState = { readonly is: 'message'; left: number; phase: number; readonly size: number; begun: boolean }
type State =
  { readonly is: 'header' } | ControlState | MessageState | { readonly is: 'fragment'; left: number; phase: number }
type Gathered = { readonly parts: Uint8Array[]; size: number }

const HEADER: State = { is: 'header' }
const PONG = encodeCommand('PONG')
// Each costs an object, however small it is.
const MOST_FRAGMENTS = 4096

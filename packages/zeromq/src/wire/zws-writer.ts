import { isCommand } from './command.ts'
import { COMMAND, FrameHeader, MORE } from './frame.ts'
import { LONGEST_WS_HEADER, maskOctets, WS_BINARY, WS_PING, wsHeaderSize, writeWsHeader } from './websocket.ts'

/**
 * Turns the octets that a ZMTP engine writes into those of a ZWS connection (RFC 45 over RFC 6455), whatever pieces they come in.
 * The engine's greeting is left out: the upgrade has said all of it. PING becomes WebSocket's; PONG is left out, since WebSocket's
 * PING has been answered already. A message is never sent in fragments, which libzmq would not understand.
 */
export class ZwsWriter {
  readonly #mask: (() => Uint8Array) | undefined
  readonly #header = new FrameHeader()
  // The beginning of a frame that came in part: a header, or a short command as a whole.
  readonly #held = new Uint8Array(LONGEST_HEARTBEAT + 9)
  #heldSize = 0
  #greeting: number
  #left = 0
  #phase = 0
  // The mask of the message that is under way, copied: what gives them may use its memory again.
  readonly #currentMask = new Uint8Array(4)

  /**
   * `greeting`: octets of the engine's greeting (64 for ZMTP 3, 12 for ZMTP 2). `mask` gives four unpredictable octets for each
   * message, on the client; a server has none.
   */
  constructor({ greeting, mask }: { greeting: number; mask: (() => Uint8Array) | undefined }) {
    this.#greeting = greeting
    this.#mask = mask
  }

  /**
   * Adds the octets to send for `chunk` to `into`. A server's large bodies are views of the chunk; everything else is copied.
   */
  write(chunk: Uint8Array, into: Uint8Array[]): void {
    const skipped = Math.min(this.#greeting, chunk.length)
    this.#greeting -= skipped
    let at = skipped
    const out = new Output(chunk.length - at, into)
    while (at < chunk.length) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, chunk.length - at)
        this.#body(chunk, at, at + size, out)
        this.#left -= size
        at += size
        continue
      }
      if (this.#heldSize === 0 && this.#header.read(chunk, at, chunk.length) && !this.#short(chunk.length - at)) {
        at += this.#header.length
        this.#begin(out)
        continue
      }
      at += this.#hold(chunk, at, out)
    }
    out.flush()
  }

  // True where this may be a heartbeat and is not all there: then it has to be held until it is known.
  #short(there: number): boolean {
    const { flags, size, length } = this.#header
    return (flags & COMMAND) !== 0 && size <= LONGEST_HEARTBEAT && (there < length + size || size > 0)
  }

  // Moves octets to the held ones until a header, or a short command, is whole. Answers how many were taken.
  #hold(chunk: Uint8Array, from: number, out: Output): number {
    const header = this.#header
    let at = from
    while (at < chunk.length) {
      this.#held[this.#heldSize++] = chunk[at++]!
      if (!header.read(this.#held, 0, this.#heldSize)) continue
      const heartbeat = (header.flags & COMMAND) !== 0 && header.size <= LONGEST_HEARTBEAT
      if (heartbeat && this.#heldSize < header.length + header.size) continue
      const { length } = header
      const end = this.#heldSize
      this.#heldSize = 0
      if (!heartbeat) this.#begin(out)
      else if (isCommand('PING', this.#held, length, end)) this.#ping(out)
      else if (!isCommand('PONG', this.#held, length, end)) {
        this.#begin(out)
        this.#body(this.#held, length, end, out)
        this.#left = 0
      }
      break
    }
    return at - from
  }

  #begin(out: Output): void {
    const { flags, size } = this.#header
    this.#left = size
    const mask = this.#mask?.()
    const target = out.reserve(LONGEST_WS_HEADER + 1)
    let at = writeWsHeader(target, out.at, WS_BINARY, size + 1, mask)
    const zws = (flags & COMMAND) !== 0 ? 2 : flags & MORE
    if (mask !== undefined) this.#currentMask.set(mask)
    this.#phase = 1
    target[at++] = zws ^ (mask?.[0] ?? 0)
    out.at = at
  }

  #body(source: Uint8Array, start: number, end: number, out: Output): void {
    const masked = this.#mask !== undefined
    if (!masked && end - start >= BY_REFERENCE && source !== this.#held) {
      out.reference(source.subarray(start, end))
      return
    }
    const target = out.reserve(end - start)
    target.set(source.subarray(start, end), out.at)
    if (masked) this.#phase = maskOctets(target, out.at, out.at + end - start, this.#currentMask, this.#phase)
    out.at += end - start
  }

  #ping(out: Output): void {
    const mask = this.#mask?.()
    const target = out.reserve(wsHeaderSize(0, mask !== undefined))
    out.at = writeWsHeader(target, out.at, WS_PING, 0, mask)
  }
}

// Octets of a PING: name, time to live, context.
const LONGEST_HEARTBEAT = 23
// From here on a view costs less than a copy.
const BY_REFERENCE = 16_384

/** Gathers small pieces into few chunks, in order with those that are passed on by reference. */
class Output {
  at = 0
  #buffer: Uint8Array | undefined
  #from = 0
  readonly #into: Uint8Array[]
  readonly #expected: number

  constructor(expected: number, into: Uint8Array[]) {
    this.#expected = expected
    this.#into = into
  }

  /** A buffer with room for `size` octets at `at`. */
  reserve(size: number): Uint8Array {
    if (this.#buffer === undefined || this.#buffer.length - this.at < size) {
      this.flush()
      this.#buffer = new Uint8Array(Math.max(size, Math.min(this.#expected, LARGEST_CHUNK)) + SLACK)
      this.at = this.#from = 0
    }
    return this.#buffer
  }

  reference(view: Uint8Array): void {
    this.flush()
    this.#into.push(view)
  }

  flush(): void {
    if (this.#buffer !== undefined && this.at > this.#from) this.#into.push(this.#buffer.subarray(this.#from, this.at))
    this.#from = this.at
  }
}

const LARGEST_CHUNK = 65_536
const SLACK = 256

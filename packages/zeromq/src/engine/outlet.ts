import type { Cipher } from '../cipher/cipher.ts'
import { sealedSize } from '../cipher/cipher.ts'
import type { Extent } from '../pipe/extent.ts'
import type { Queue } from '../pipe/queue.ts'
import { LARGE_SLAB, type Slab, type SlabPool } from '../pipe/slab.ts'
import { isCommand } from '../wire/command.ts'
import { COMMAND, FrameHeader, MORE, writeHeader, writeHeaderOne } from '../wire/frame.ts'

/** How packed records become the octets of a connection. */
export type Framing = 'plain' | 'sealed' | 'messages-only' | 'one' | 'raw'

/**
 * What a connection writes next: control octets first, then the queue's extents, as they are or re-framed.
 * `take` fills a list of chunks; until `written` nothing more is taken and what was taken stays as it is.
 */
export class Outlet {
  /** The queue that is sent from, from the end of the handshake on. */
  queue: Queue | undefined
  /** Messages that were taken and have not been reported as written. */
  inFlight = 0
  /** A large body was changed in size, or transferred, before it was sent: this connection cannot go on. */
  broken = false
  #control: Uint8Array[] = []
  #framing: Framing = 'plain'
  #cipher: Cipher | undefined
  readonly #slabs: SlabPool
  #extents: Extent[] = []
  #sealed: Slab[] = []
  readonly #header = new FrameHeader()

  constructor(slabs: SlabPool) {
    this.#slabs = slabs
  }

  /** Begins to send from a queue. */
  open(queue: Queue, framing: Framing, cipher: Cipher | undefined): void {
    this.queue = queue
    this.#framing = framing
    this.#cipher = cipher
  }

  /** Octets that go before everything queued, exactly as they are. */
  raw(octets: Uint8Array): void {
    this.#control.push(octets)
  }

  /** A command that goes before everything queued; sealed where the connection is. */
  command(body: Uint8Array): void {
    if (this.#cipher !== undefined) {
      const sealed = new Uint8Array(sealedSize(body.length))
      this.#cipher.sealPart(COMMAND, body, sealed, 0)
      this.#control.push(sealed)
      return
    }
    const frame = new Uint8Array(body.length + 9)
    const at = writeHeader(frame, 0, COMMAND, body.length)
    frame.set(body, at)
    this.#control.push(frame.subarray(0, at + body.length))
  }

  /** A message of one frame that goes before everything queued. */
  message(body: Uint8Array): void {
    const cipher = this.#cipher
    const frame = new Uint8Array(cipher === undefined ? body.length + 10 : sealedSize(body.length))
    if (cipher !== undefined) {
      cipher.sealPart(0, body, frame, 0)
      this.#control.push(frame)
      return
    }
    const at = (this.#framing === 'one' ? writeHeaderOne : writeHeader)(frame, 0, 0, body.length)
    frame.set(body, at)
    this.#control.push(frame.subarray(0, at + body.length))
  }

  get empty(): boolean {
    return this.#control.length === 0 && (this.queue === undefined || this.queue.empty)
  }

  /** Octets of control that wait: a peer that makes us answer and does not read is cut off by this. */
  get controlSize(): number {
    let size = 0
    for (const octets of this.#control) size += octets.length
    return size
  }

  /** Adds what is to be written now to `chunks`: about `LARGE_SLAB` octets, or one large message. */
  take(chunks: Uint8Array[]): void {
    for (const octets of this.#control) chunks.push(octets)
    this.#control.length = 0
    const queue = this.queue
    if (queue === undefined) return
    for (let total = 0; total < (LARGE_SLAB * 3) / 4;) {
      const extent = queue.take()
      if (extent === undefined) return
      if (changed(extent)) {
        this.broken = true
        return extent.release()
      }
      total += extent.size
      this.inFlight += extent.messages
      if (this.#framing === 'plain') {
        this.#extents.push(extent)
        chunks.push(extent.slab.bytes.subarray(extent.start, extent.end))
        if (extent.body !== undefined) chunks.push(extent.body)
      } else {
        if (this.#framing === 'sealed') this.#seal(extent, chunks)
        else if (this.#framing === 'raw') this.#strip(extent, chunks)
        else this.#reframe(extent, chunks)
        extent.release()
      }
    }
  }

  /** What `take` gave has been written, or will never be. */
  written(): void {
    for (const extent of this.#extents) extent.release()
    this.#extents.length = 0
    for (const slab of this.#sealed) slab.release()
    this.#sealed.length = 0
    this.inFlight = 0
  }

  close(): void {
    this.written()
    this.queue?.dropTorn()
    this.#control.length = 0
    this.#cipher?.wipe()
  }

  #seal(extent: Extent, chunks: Uint8Array[]): void {
    const cipher = this.#cipher! // 'sealed' comes with one
    const source = extent.slab.bytes
    let at = extent.start
    while (at < extent.end) {
      const slab = this.#slabs.take(LARGE_SLAB)
      cipher.seal(source, at, extent.end, slab.bytes, 0)
      if (cipher.written > 0) {
        this.#sealed.push(slab)
        chunks.push(slab.bytes.subarray(0, cipher.written))
      } else {
        slab.release()
      }
      at += cipher.read
      if (cipher.read > 0) continue
      // What is left is a record that needs more than a slab, or the header of a body held by reference.
      const header = this.#header
      header.read(source, at, extent.end)
      const from = at + header.length
      const body =
        from === extent.end && extent.body !== undefined ? extent.body : source.subarray(from, from + header.size)
      const whole = Buffer.allocUnsafeSlow(sealedSize(body.length))
      cipher.sealPart(header.flags, body, whole, 0)
      chunks.push(whole)
      at = body === extent.body ? extent.end : from + header.size
    }
  }

  /** For STREAM: the bodies alone. */
  #strip(extent: Extent, chunks: Uint8Array[]): void {
    const source = extent.slab.bytes
    const slab = this.#slabs.take(extent.end - extent.start)
    this.#sealed.push(slab)
    const header = this.#header
    let to = 0
    for (let at = extent.start; at < extent.end;) {
      header.read(source, at, extent.end)
      const from = at + header.length
      at = from + header.size
      if (from === extent.end && extent.body !== undefined) break
      to += source.copy(slab.bytes, to, from, at)
    }
    if (to > 0) chunks.push(slab.bytes.subarray(0, to))
    if (extent.body !== undefined) chunks.push(extent.body)
  }

  /** For peers before ZMTP 3.1: subscriptions become messages, other commands are left out; ZMTP 1.0 has headers of its own. */
  #reframe(extent: Extent, chunks: Uint8Array[]): void {
    const source = extent.slab.bytes
    // Frames of ZMTP 1.0 are at most one octet longer for each record of at least two.
    const slab = this.#slabs.take((extent.end - extent.start) * 2 + 16)
    this.#sealed.push(slab)
    const target = slab.bytes
    const writeFrame = this.#framing === 'one' ? writeHeaderOne : writeHeader
    const header = this.#header
    let to = 0
    for (let at = extent.start; at < extent.end;) {
      header.read(source, at, extent.end)
      let from = at + header.length
      at = from + header.size
      if ((header.flags & COMMAND) !== 0) {
        const subscribe = isCommand('SUBSCRIBE', source, from, at)
        if (!subscribe && !isCommand('CANCEL', source, from, at)) continue
        from += 1 + source[from]!
        to = writeFrame(target, to, 0, 1 + at - from)
        target[to++] = subscribe ? 1 : 0
      } else {
        to = writeFrame(target, to, header.flags & MORE, header.size)
        if (from === extent.end && extent.body !== undefined) break
      }
      to += source.copy(target, to, from, at)
    }
    if (to > 0) chunks.push(target.subarray(0, to))
    if (extent.body !== undefined) chunks.push(extent.body)
  }
}

/** Whether a body by reference has another size than its header says, which ends with its low half. */
function changed({ slab, end, body }: Extent): boolean {
  return body !== undefined && slab.bytes.readUInt32BE(end - 4) !== body.length % 2 ** 32
}

import { CIPHER_FAILURES, MESSAGE_OVERHEAD, sealedSize, type Cipher } from './cipher.ts'
import { FIRST_NONCE, MESSAGE_PREFIX } from './record-cipher.ts'
import type { WasmModule } from './wasm-module.ts'

/** A connection's cipher in a slot of a `WasmModule`: one copy in and one out for each batch of up to 128 KiB. */
export class WasmCipher implements Cipher {
  read = 0
  written = 0
  readonly #module: WasmModule
  readonly #release: () => void
  #slot: number

  /** `slot` is the connection's own, from `module.take()`; `release` is called once it has been given back. */
  constructor(
    module: WasmModule,
    slot: number,
    key: Uint8Array,
    side: 'client' | 'server',
    peerNonce: Uint8Array,
    release: () => void,
  ) {
    this.#module = module
    this.#slot = slot
    this.#release = release
    const { octets, inAt, calls } = module
    octets.set(key, inAt)
    putAscii(octets, inAt + 32, MESSAGE_PREFIX[side])
    calls.prepare(slot, inAt, inAt + 32)
    octets[slot + COUNTER + 7] = FIRST_NONCE[side]
    putAscii(octets, inAt + 32, MESSAGE_PREFIX[side === 'client' ? 'server' : 'client'])
    calls.prepare(slot + OPENING, inAt, inAt + 32)
    octets.set(peerNonce, slot + OPENING + COUNTER)
    // The least to accept is one above what the peer has spent.
    calls.spend(slot + OPENING)
    octets.fill(0, inAt, inAt + 48)
  }

  seal(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    this.#check(source, start, end, target, offset)
    const { calls, inAt, inSize, outAt, outSize } = this.#module
    let count = 0
    let from = start
    let to = offset
    while (end - from >= 2) {
      const size = Math.min(end - from, inSize)
      this.#put(source, from, size, inAt)
      const sealed = calls.sealRecords(this.#slot, inAt, size, outAt, Math.min(target.length - to, outSize))
      if (sealed === 0) {
        // A record that is larger than the scratch, or no whole record, or no room.
        const header = (source[from]! & 2) === 0 ? 2 : 9
        if (header > size) break
        const length = header === 2 ? source[from + 1]! : sizeAt(source, from + 1)
        if (length <= inSize - header || length > end - from - header || sealedSize(length) > target.length - to) break
        to += this.#sealLarge(source[from]!, source, from + header, length, target, to)
        from += header + length
        count++
        continue
      }
      count += sealed
      from += this.#module.used
      const { written } = this.#module
      this.#get(outAt, written, target, to)
      to += written
    }
    this.read = from - start
    this.written = to - offset
    return count
  }

  open(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    this.#check(source, start, end, target, offset)
    const { calls, inAt, inSize, outAt, outSize } = this.#module
    let count = 0
    let from = start
    let to = offset
    while (end - from >= 2) {
      const size = Math.min(end - from, inSize)
      this.#put(source, from, size, inAt)
      const opened = calls.openFrames(this.#slot + OPENING, inAt, size, outAt, Math.min(target.length - to, outSize))
      const { used, written } = this.#module
      this.#get(outAt, written, target, to)
      from += used
      to += written
      if (opened < 0) {
        count = opened
        break
      }
      count += opened
      if (opened > 0) continue
      // A frame that is larger than the scratch, or no whole frame, or no room.
      const header = (source[from]! & 2) === 0 ? 2 : 9
      if (header > size) break
      const body = header === 2 ? source[from + 1]! : sizeAt(source, from + 1)
      const record = body - MESSAGE_OVERHEAD + 9
      if (body <= inSize - header || body > end - from - header || record > target.length - to) break
      const flags = this.#openLarge(source, from + header, body, target, to + 9)
      if (flags < 0) {
        count = flags
        break
      }
      putSize(target, to + 1, body - MESSAGE_OVERHEAD)
      target[to] = flags | 2
      from += header + body
      to += record
      count++
    }
    this.read = from - start
    this.written = to - offset
    return count
  }

  sealPart(flags: number, body: Uint8Array, target: Uint8Array, offset: number): number {
    const { length } = body
    this.#check(body, 0, length, target, offset)
    if (sealedSize(length) > target.length - offset) throw new RangeError('the target has no room for the sealed part')
    const { calls, octets, inAt, inSize, outAt, outSize } = this.#module
    if (length + 9 > inSize) return this.#sealLarge(flags, body, 0, length, target, offset)
    const header = length < 256 ? 2 : 9
    octets[inAt] = header === 2 ? flags & ~2 : flags | 2
    if (header === 2) octets[inAt + 1] = length
    else putSize(octets, inAt + 1, length)
    this.#put(body, 0, length, inAt + header)
    calls.sealRecords(this.#slot, inAt, header + length, outAt, outSize)
    const { written } = this.#module
    this.#get(outAt, written, target, offset)
    return written
  }

  openPart(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number {
    this.#check(source, start, end, target, offset)
    const body = end - start
    if (body < MESSAGE_OVERHEAD) return CIPHER_FAILURES.MALFORMED
    if (body - MESSAGE_OVERHEAD > target.length - offset) throw new RangeError('the target has no room for the part')
    const { calls, octets, inAt, inSize, outAt, outSize } = this.#module
    if (body + 9 > inSize) return this.#openLarge(source, start, body, target, offset)
    octets[inAt] = 2
    putSize(octets, inAt + 1, body)
    this.#put(source, start, body, inAt + 9)
    const opened = calls.openFrames(this.#slot + OPENING, inAt, body + 9, outAt, outSize)
    if (opened < 0) return opened
    const header = body - MESSAGE_OVERHEAD < 256 ? 2 : 9
    this.#get(outAt + header, body - MESSAGE_OVERHEAD, target, offset)
    return octets[outAt]! & ~2
  }

  wipe(): void {
    if (this.#slot < 0) return
    this.#module.give(this.#slot)
    this.#slot = -1
    this.#release()
  }

  // In pieces: each is mixed, added to the tag and handed out; the tag goes in front at the end.
  #sealLarge(flags: number, source: Uint8Array, start: number, size: number, target: Uint8Array, to: number): number {
    const { calls, octets, inAt, outAt } = this.#module
    const slot = this.#slot
    const head = calls.putHeader(slot, outAt, size + MESSAGE_OVERHEAD) - outAt
    this.#get(outAt, head, target, to)
    const tag = to + head
    let at = tag + 16
    let from = start
    calls.largeStart(slot)
    octets[inAt + FIRST] = (flags & 1) | ((flags & 4) >> 1)
    for (let block = 0; from < start + size; block += PIECE / 64) {
      const skip = block === 0 ? FIRST : 0
      const extra = block === 0 ? 1 : 0
      const taken = Math.min(start + size - from, PIECE - skip - extra)
      this.#put(source, from, taken, inAt + skip + extra)
      const length = taken + extra
      calls.largeMix(slot, block, inAt, skip + length)
      calls.largeUpdate(inAt + skip, length)
      this.#get(inAt + skip, length, target, at)
      at += length
      from += taken
    }
    calls.largeFinish(outAt)
    this.#get(outAt, 16, target, tag)
    calls.spend(slot)
    return at - to
  }

  // Twice through the frame: the first time for the tag alone, so that nothing forged is ever handed out.
  #openLarge(source: Uint8Array, start: number, body: number, target: Uint8Array, to: number): number {
    const { calls, octets, inAt, outAt } = this.#module
    const slot = this.#slot + OPENING
    const end = start + body
    const first = start + HEAD + 16
    this.#put(source, start, HEAD, inAt)
    const refused = calls.accept(slot, inAt)
    if (refused < 0) return refused
    calls.largeStart(slot)
    for (let from = first; from < end; from += PIECE) {
      const length = Math.min(end - from, PIECE)
      this.#put(source, from, length, inAt)
      calls.largeUpdate(inAt, length)
    }
    calls.largeFinish(outAt)
    let difference = 0
    for (let i = 0; i < 16; i++) difference |= octets[outAt + i]! ^ source[start + HEAD + i]!
    if (difference !== 0) return CIPHER_FAILURES.TAG
    let flags = 0
    let at = to
    for (let from = first, block = 0; from < end; block += PIECE / 64) {
      const skip = block === 0 ? FIRST : 0
      const length = Math.min(end - from, PIECE - skip)
      this.#put(source, from, length, inAt + skip)
      calls.largeMix(slot, block, inAt, skip + length)
      const extra = block === 0 ? 1 : 0
      if (extra === 1) flags = octets[inAt + FIRST]!
      this.#get(inAt + skip + extra, length - extra, target, at)
      at += length - extra
      from += length
    }
    calls.spend(slot)
    return (flags & 1) | ((flags & 2) << 1)
  }

  #put(source: Uint8Array, start: number, size: number, address: number): void {
    this.#module.octets.set(
      start === 0 && size === source.length ? source : source.subarray(start, start + size),
      address,
    )
  }

  #get(address: number, size: number, target: Uint8Array, offset: number): void {
    if (size > 0) target.set(this.#module.octets.subarray(address, address + size), offset)
  }

  #check(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): void {
    if (this.#slot < 0) throw new Error('this cipher has been wiped')
    if (!(start >= 0 && start <= end && end <= source.length && offset >= 0 && offset <= target.length)) {
      throw new RangeError('the range is not within its buffer')
    }
  }
}

// From a connection's first slot to its second.
const OPENING = 64
// The counter within a slot.
const COUNTER = 32
// "\x07MESSAGE" and the nonce, in front of the box.
const HEAD = 16
// The octets of the first block of the key stream that are not the message's.
const FIRST = 32
const PIECE = 65_536

function putAscii(octets: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) octets[offset + i] = text.charCodeAt(i)
}

function putSize(octets: Uint8Array, offset: number, size: number): void {
  let rest = size
  for (let i = 7; i >= 0; i--) {
    octets[offset + i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

function sizeAt(octets: Uint8Array, offset: number): number {
  let size = 0
  for (let i = 0; i < 8; i++) size = size * 256 + octets[offset + i]!
  return size
}

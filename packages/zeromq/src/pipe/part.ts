import { LONG } from '../wire/frame.ts'

/** One frame of a message on its way out. Strings are encoded as UTF-8 where they are packed, never before. */
export type Part = Uint8Array | string

/** A whole message on its way out: one frame, or a list of one or more. */
export type Outgoing = Part | readonly Part[]

/** From this size on a part is queued by reference and not copied: its owner must not write to it until it has been sent. */
export const BY_REFERENCE: number = 16 * 1024

/** Whether it is octets that are copied where they are queued. */
export function isShort(part: unknown): part is Uint8Array {
  return part instanceof Uint8Array && part.length < BY_REFERENCE
}

/** Octets of a part once encoded. */
export function partSize(part: Part): number {
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length
}

/**
 * Packs one part of `size` octets, less than `BY_REFERENCE`, as a record of ZMTP 2 and 3 at `at`, and answers the offset after it.
 * `bytes` has room for it.
 */
export function packPart(bytes: Buffer, at: number, part: Part, size: number, flags: number): number {
  if (size < 256) {
    bytes[at] = flags
    bytes[at + 1] = size
    at += 2
  } else {
    at = packLongHeader(bytes, at, flags, size)
  }
  if (typeof part === 'string') {
    bytes.write(part, at)
  } else if (size <= 24) {
    // Below this size a loop is faster than `set`, which goes through the runtime.
    for (let i = 0; i < size; i++) bytes[at + i] = part[i]!
  } else {
    bytes.set(part, at)
  }
  return at + size
}

/** Packs the header of a part that is queued by reference; 9 octets. */
export function packLongHeader(bytes: Buffer, at: number, flags: number, size: number): number {
  bytes[at] = flags | LONG
  bytes.writeUInt32BE(Math.floor(size / 0x1_0000_0000), at + 1)
  bytes.writeUInt32BE(size >>> 0, at + 5)
  return at + 9
}

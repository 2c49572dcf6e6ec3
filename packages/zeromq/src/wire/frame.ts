/** Flags of a frame in ZMTP 2 and 3, and of a packed record: `flags size body` (RFC 37 §3.4). */
export const MORE = 1
/** The size takes 8 octets, not 1. */
export const LONG = 2
/** The body is a command. Never together with MORE. */
export const COMMAND = 4

/** The longest header of a frame, in any version: 9 octets in ZMTP 2 and 3, 10 in 1.0. */
export const LONGEST_HEADER = 10

/** Octets that the header of a frame with a body of `size` octets takes in ZMTP 2 and 3. */
export function headerSize(size: number): 2 | 9 {
  return size < 256 ? 2 : 9
}

/**
 * Writes the header of a frame of ZMTP 2 and 3, and answers the offset after it. LONG is set as the size needs it.
 *
 *     frame = flags size body
 *     flags = bit 0 MORE, bit 1 LONG, bit 2 COMMAND, bits 3-7 zero
 *     size  = OCTET | 8OCTET                      ; of the body, network order
 */
export function writeHeader(target: Uint8Array, offset: number, flags: number, size: number): number {
  if (size < 256) {
    target[offset] = flags
    target[offset + 1] = size
    return offset + 2
  }
  target[offset] = flags | LONG
  return writeSize(target, offset + 1, size)
}

/** Octets that the header of a ZMTP 1.0 frame with a body of `size` octets takes. */
export function headerSizeOne(size: number): 2 | 10 {
  return size < 254 ? 2 : 10
}

/**
 * Writes the header of a ZMTP 1.0 frame, and answers the offset after it.
 *
 *     frame  = length flags body
 *     length = %x01-FE | %xFF 8OCTET              ; of flags and body
 */
export function writeHeaderOne(target: Uint8Array, offset: number, flags: number, size: number): number {
  if (size < 254) {
    target[offset] = size + 1
    target[offset + 1] = flags
    return offset + 2
  }
  target[offset] = 0xff
  const after = writeSize(target, offset + 1, size + 1)
  target[after] = flags
  return after + 1
}

/** The header that was read last; one object serves a connection for its whole life. */
export class FrameHeader {
  /** MORE and COMMAND; LONG and the reserved bits are taken out. */
  flags = 0
  /** Octets of the body. Infinity above 2^53 - 1: larger than any limit. */
  size = 0
  /** Octets of the header itself. */
  length = 0

  /** Reads a header of ZMTP 2 and 3 at `start`. False: not all of it is there yet. */
  read(buffer: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2) return false
    const flags = buffer[start]!
    if ((flags & LONG) === 0) {
      this.size = buffer[start + 1]!
      this.length = 2
    } else {
      if (end - start < 9) return false
      this.size = readSize(buffer, start + 1)
      this.length = 9
    }
    this.flags = flags & (MORE | COMMAND)
    return true
  }

  /** Reads a header of ZMTP 1.0 at `start`. False: not all of it is there yet. A size of -1: a frame without room for its flags. */
  readOne(buffer: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2) return false
    const first = buffer[start]!
    if (first !== 0xff) {
      this.size = first - 1
      this.length = 2
      this.flags = first === 0 ? 0 : buffer[start + 1]! & MORE
      return true
    }
    if (end - start < 10) return false
    this.size = readSize(buffer, start + 1) - 1
    this.length = 10
    this.flags = buffer[start + 9]! & MORE
    return true
  }
}

function writeSize(target: Uint8Array, offset: number, size: number): number {
  const high = Math.floor(size / 0x1_0000_0000)
  target[offset] = high >>> 24
  target[offset + 1] = high >>> 16
  target[offset + 2] = high >>> 8
  target[offset + 3] = high
  target[offset + 4] = size >>> 24
  target[offset + 5] = size >>> 16
  target[offset + 6] = size >>> 8
  target[offset + 7] = size
  return offset + 8
}

function readSize(buffer: Uint8Array, offset: number): number {
  const high =
    buffer[offset]! * 0x100_0000 + ((buffer[offset + 1]! << 16) | (buffer[offset + 2]! << 8) | buffer[offset + 3]!)
  const low =
    buffer[offset + 4]! * 0x100_0000 + ((buffer[offset + 5]! << 16) | (buffer[offset + 6]! << 8) | buffer[offset + 7]!)
  return high > 0x1f_ffff ? Infinity : high * 0x1_0000_0000 + low
}

/** Opcodes of RFC 6455 §5.2. */
export const WS_CONTINUATION = 0
export const WS_TEXT = 1
export const WS_BINARY = 2
export const WS_CLOSE = 8
export const WS_PING = 9
export const WS_PONG = 10

/** The longest header of a WebSocket frame: 2 octets, 8 of extended length, 4 of mask. */
export const LONGEST_WS_HEADER = 14

/** Octets of the longest payload of a control frame (RFC 6455 §5.5). */
export const LONGEST_CONTROL = 125

/** Octets that the header of a frame with `size` octets of payload takes. */
export function wsHeaderSize(size: number, masked: boolean): number {
  return (size < 126 ? 2 : size < 65_536 ? 4 : 10) + (masked ? 4 : 0)
}

/**
 * Writes the header of an unfragmented frame (RFC 6455 §5.2) and answers the offset after it.
 * `mask` are four octets, from a client; a server has none.
 */
export function writeWsHeader(
  target: Uint8Array,
  offset: number,
  opcode: number,
  size: number,
  mask: Uint8Array | undefined,
): number {
  const masked = mask === undefined ? 0 : 0x80
  target[offset] = 0x80 | opcode
  let at = offset + 2
  if (size < 126) {
    target[offset + 1] = masked | size
  } else if (size < 65_536) {
    target[offset + 1] = masked | 126
    target[at++] = size >>> 8
    target[at++] = size
  } else {
    target[offset + 1] = masked | 127
    let rest = size
    for (let i = at + 7; i >= at; i--) {
      target[i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    at += 8
  }
  if (mask !== undefined) for (let i = 0; i < 4; i++) target[at++] = mask[i]!
  return at
}

/** The header that was read last; one object serves a connection for its whole life. */
export class WsHeader {
  final = false
  opcode = 0
  masked = false
  /** Octets of the payload; Infinity above 2^53 - 1. */
  size = 0
  /** Octets of the header itself. */
  length = 0
  readonly mask: Uint8Array = new Uint8Array(4)
  /** What is wrong with the header that was read, or ''. */
  fault = ''

  /** Reads a header at `start`. False: not all of it is there yet. After true look at `fault`. */
  read(buffer: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2) return false
    const first = buffer[start]!
    const second = buffer[start + 1]!
    const short = second & 0x7f
    const masked = (second & 0x80) !== 0
    const extended = short < 126 ? 0 : short === 126 ? 2 : 8
    const length = 2 + extended + (masked ? 4 : 0)
    if (end - start < length) return false
    let size = short
    if (extended > 0) {
      size = 0
      for (let i = 0; i < extended; i++) size = size * 256 + buffer[start + 2 + i]!
      if (size > Number.MAX_SAFE_INTEGER) size = Infinity
    }
    if (masked) for (let i = 0; i < 4; i++) this.mask[i] = buffer[start + 2 + extended + i]!
    this.final = (first & 0x80) !== 0
    this.opcode = first & 0x0f
    this.masked = masked
    this.size = size
    this.length = length
    this.fault = faultOf(first, this.opcode, size, short)
    return true
  }
}

/**
 * Masks, or unmasks, `buffer[start, end)` in place (RFC 6455 §5.3). `phase` is how many octets of the payload went before;
 * the answer is the phase after.
 */
export function maskOctets(buffer: Uint8Array, start: number, end: number, mask: Uint8Array, phase: number): number {
  let at = start
  let place = phase & 3
  // Octet by octet to where a word can be looked at, then by words.
  while (at < end && ((buffer.byteOffset + at) & 3) !== 0) buffer[at++]! ^= mask[place++ & 3]!
  const words = (end - at) >> 2
  if (words > 3) {
    const view = new Int32Array(buffer.buffer, buffer.byteOffset + at, words)
    const word = maskWord(mask, place)
    for (let i = 0; i < words; i++) view[i]! ^= word
    at += words << 2
  }
  while (at < end) buffer[at++]! ^= mask[place++ & 3]!
  return (phase + end - start) & 3
}

function faultOf(first: number, opcode: number, size: number, short: number): string {
  if ((first & 0x70) !== 0) return 'a WebSocket frame with reserved bits'
  if (opcode >= 8) {
    if (opcode > WS_PONG) return `a WebSocket frame with the unknown opcode ${opcode}`
    if ((first & 0x80) === 0) return 'a WebSocket control frame in fragments'
    if (size > LONGEST_CONTROL) return `a WebSocket control frame of ${size} octets`
    return ''
  }
  if (opcode > WS_BINARY) return `a WebSocket frame with the unknown opcode ${opcode}`
  if ((short === 126 && size < 126) || (short === 127 && size < 65_536)) {
    return 'a WebSocket frame whose length is not written in the shortest way'
  }
  return ''
}

// The mask as the platform's word, turned to where the payload is.
function maskWord(mask: Uint8Array, place: number): number {
  const octets = new Uint8Array(4)
  for (let i = 0; i < 4; i++) octets[i] = mask[(place + i) & 3]!
  return new Int32Array(octets.buffer)[0]!
}

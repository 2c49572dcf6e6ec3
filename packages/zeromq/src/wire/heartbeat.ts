import { encodeCommand, isCommand } from './command.ts'

/** The longest context that a PING may carry, in octets (RFC 37 §3.4.3). */
export const LONGEST_PING_CONTEXT = 16

/**
 * `PING = %d4 "PING" ttl context`, the ttl in tenths of a second in two octets; the context at most 16.
 * `ttl` here is milliseconds, rounded down to tenths of a second, at most 6,553,599.
 */
export function encodePing(ttl: number, context: Uint8Array = new Uint8Array(0)): Uint8Array {
  const tenths = Math.min(0xffff, Math.floor(ttl / 100))
  return encodeCommand('PING', Uint8Array.of(tenths >>> 8, tenths), context.subarray(0, LONGEST_PING_CONTEXT))
}

/** The milliseconds after which the sender of this PING wants to be given up (0: never), or undefined where it is malformed. */
export function pingTtl(buffer: Uint8Array, start: number, end: number): number | undefined {
  if (!isCommand('PING', buffer, start, end) || end - start < 7) return undefined
  return ((buffer[start + 5]! << 8) | buffer[start + 6]!) * 100
}

/** `PONG = %d4 "PONG" context`: the answer to a well-formed PING, with its context cut to 16 octets. */
export function encodePong(buffer: Uint8Array, start: number, end: number): Uint8Array {
  return encodeCommand('PONG', buffer.subarray(start + 7, Math.min(end, start + 7 + LONGEST_PING_CONTEXT)))
}

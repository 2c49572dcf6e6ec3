import type { Incoming } from './pattern.ts'

/** The empty frame between the addresses and the body (RFC 28). */
export const DELIMITER: Uint8Array = new Uint8Array(0)

/** Envelope of a request that came over no other hop. */
export const BARE: readonly Uint8Array[] = [DELIMITER]

/**
 * Takes the envelope (addresses and the first empty frame) off a request and leaves its body in `message`. Undefined:
 * there is no delimiter, or nothing after it, and the request is to be dropped (RFC 28, REP).
 */
export function takeEnvelope(message: Incoming): readonly Uint8Array[] | undefined {
  for (let at = 0; at < message.length - 1; at++) {
    if (message[at]!.length > 0) continue // below length
    if (at > 0) return message.splice(0, at + 1)
    message.shift()
    return BARE
  }
  return undefined
}

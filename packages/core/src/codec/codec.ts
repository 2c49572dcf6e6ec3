/** What a codec may know of the message beside its bytes. */
export interface EncodeContext {
  readonly topic: string
  /** The message's metadata so far. A codec may add to it: a content type, a content encoding, the id of a key… */
  readonly metadata: Record<string, string>
}

/** What a codec is told of the message that it reads. */
export interface DecodeContext {
  readonly topic: string
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Values to bytes and back. A codec that wraps another (to compress, to encrypt) is a codec too: it passes the value
 * on, works on the bytes that come back, and says in the metadata what it did.
 */
export interface Codec<T = unknown> {
  /** A media type, written to the metadata's `content_type`. */
  readonly contentType: string
  /** @throws INVALID_PAYLOAD for a value that it cannot encode */
  encode(value: T, context: EncodeContext): Uint8Array | Promise<Uint8Array>
  /** @throws UNDECODABLE, or anything, which becomes UNDECODABLE */
  decode(payload: Uint8Array, context: DecodeContext): T | Promise<T>
}

/**
 * The cipher of one CURVE connection, made when its handshake is done (RFC 26 §MESSAGE).
 *
 * Both sides of it are *packed records*: frames in the framing of ZMTP 2 and 3 (flags, size in 1 or 8 octets,
 * body) one after the other, as the pipe holds them and as the engine parses them. `seal` turns packed records
 * into the connection's octets, `open` turns the connection's octets into packed records, so that nothing else
 * in the engine knows whether a connection is encrypted. A record's COMMAND flag (4) becomes CURVE's inner
 * flag 2 and back.
 *
 * Results come back in `read` and `written`, so that no object is made for a batch.
 */
export interface Cipher {
  /** Octets of the source that the last `seal` or `open` used: whole records or frames only. */
  readonly read: number
  /** Octets that the last `seal` or `open` put into the target. */
  readonly written: number

  /**
   * Seals the whole records in `source[start, end)` into `target[offset…)` until either is used up.
   * Returns how many were sealed; an incomplete record at the end, or one that finds no room, is left (0 is a fine answer).
   */
  seal(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number

  /**
   * Opens the whole MESSAGE frames in `source[start, end)` into packed records in `target[offset…)` until either is used up.
   * Returns how many were opened, or a `CipherFailure`, after which the connection has to be closed.
   * Never writes an octet of a frame whose tag is wrong. Records are never longer than the frames they came in.
   */
  open(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number

  /**
   * Seals one message part given apart from its header (a large body, held by reference).
   * `flags` are a record's; `target` needs `sealedSize(body.length)` octets at `offset`. Returns the octets written.
   */
  sealPart(flags: number, body: Uint8Array, target: Uint8Array, offset: number): number

  /**
   * Opens one frame whose *body* (from the octet after the frame's header) is `source[start, end)` and puts the part's
   * body, `end - start - 33` octets, into `target` at `offset`. Returns the record's flags (MORE 1, COMMAND 4) or a `CipherFailure`.
   */
  openPart(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): number

  /** Forgets the keys. Nothing may be sealed or opened afterwards. Safe to call twice. */
  wipe(): void
}

/** What `open` and `openPart` answer instead of a count: not a MESSAGE, a nonce that is not above the last one, a wrong tag. */
export const CIPHER_FAILURES = { MALFORMED: -1, NONCE: -2, TAG: -3 } as const
export type CipherFailure = (typeof CIPHER_FAILURES)[keyof typeof CIPHER_FAILURES]

/** Octets that a frame's body grows by when it is sealed: "\x07MESSAGE", nonce, tag, flags. */
export const MESSAGE_OVERHEAD = 33

/** The size on the wire, header included, of a part of `size` octets once it is sealed. */
export function sealedSize(size: number): number {
  const body = size + MESSAGE_OVERHEAD
  return body + (body < 256 ? 2 : 9)
}

/**
 * An implementation of XSalsa20-Poly1305, the box of NaCl: what CURVE's handshake and messages are made of.
 * A `key` is 32 octets: the result of `boxKey` (crypto_box_beforenm) for a box, or any for a secret box.
 */
export interface CipherSuite {
  readonly name: 'wasm' | 'js' | '@noble/ciphers' | 'sodium-native'
  /** HSalsa20 of an X25519 result: the key of every box between two key pairs. */
  boxKey(shared: Uint8Array): Uint8Array
  /** A tag of 16 octets and the ciphertext. `nonce` is 24 octets. */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array
  /** The plaintext, or undefined when the box was not sealed with this key and nonce. */
  open(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined
  /**
   * The cipher of a connection whose transient keys make `key`. `peerNonce` is the counter, 8 octets, that the peer spent last:
   * only higher ones are accepted. Ours goes on where our own handshake ended (a client's with 3, a server's with 2).
   */
  cipher(key: Uint8Array, side: 'client' | 'server', peerNonce: Uint8Array): Cipher
}

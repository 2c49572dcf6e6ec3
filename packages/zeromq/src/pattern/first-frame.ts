import type { Outgoing, Part } from './pattern.ts'

/** The first frame of a message to be sent. */
export function firstFrame(message: Outgoing): Part {
  return isFrame(message) ? message : message[0]! // a list of one or more
}

/** How many frames a message to be sent has. */
export function frameCount(message: Outgoing): number {
  return isFrame(message) ? 1 : message.length
}

/** A frame of a message to be sent as octets; text is encoded. */
export function octets(part: Part): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part) : part
}

/**
 * The octets of a message's first frame that can decide about topics, without a new object for each message: text is
 * encoded into a buffer that is used again, and no more of it than the longest topic needs.
 */
export class TopicReader {
  readonly #encoder = new TextEncoder()
  #scratch = new Uint8Array(256)
  #octets: Uint8Array = this.#scratch
  #length = 0

  /** Valid until the next `read`. */
  get octets(): Uint8Array {
    return this.#octets
  }

  /** How many of `octets` count. */
  get length(): number {
    return this.#length
  }

  /** `longest`: no topic is longer than this many octets. */
  read(message: Outgoing, longest: number): void {
    const part = firstFrame(message)
    if (typeof part !== 'string') {
      this.#octets = part
      this.#length = part.length
      return
    }
    // A character that does not fit whole is left out: with three octets to spare that is always beyond `longest`.
    if (this.#scratch.length < longest + 3) this.#scratch = new Uint8Array(2 * longest + 3)
    this.#octets = this.#scratch
    this.#length = this.#encoder.encodeInto(part, this.#scratch).written
  }
}

function isFrame(message: Outgoing): message is Part {
  return typeof message === 'string' || ArrayBuffer.isView(message)
}

import { LONG, MORE } from '../wire/frame.ts'

/**
 * Messages that were received together, in one piece of memory that belongs to whoever received them: nothing else reads or writes it.
 * A frame is made when it is asked for. Programs that look at octets in place (`bytes`, `start`, `end`) make none at all.
 *
 * Frames lie one after the other, at any offset: a typed array of more than octets needs a copy of a frame, a `DataView` does not. Each
 * is a part of `bytes`, so that keeping one keeps all. `[...messages]` are messages as `receiveMany` gives them, and as `sendMany` takes
 * them.
 */
export class PackedMessages implements Iterable<Buffer[]> {
  /** All frames, each after its header; `start` and `end` say where. */
  readonly bytes: Buffer
  readonly #starts: readonly number[]

  /** `bytes` are records of ZMTP 2 and 3; the first one of each message is at one of `starts`. */
  constructor(bytes: Buffer, starts: readonly number[]) {
    this.bytes = bytes
    this.#starts = starts
  }

  /** How many messages there are. */
  get length(): number {
    return this.#starts.length
  }

  /** How many frames message `index` has. Throws a RangeError where there is no such message, as all that follow. */
  frames(index: number): number {
    let count = 1
    for (let at = this.#record(index, 0); (this.bytes[at]! & MORE) !== 0; at = this.#endOf(at)) count++
    return count
  }

  /** Where in `bytes` a frame begins; of each message the first one unless `frame` says which. */
  start(index: number, frame: number = 0): number {
    const at = this.#record(index, frame)
    return (this.bytes[at]! & LONG) === 0 ? at + 2 : at + 9
  }

  /** Where in `bytes` a frame ends: the offset after its last octet. */
  end(index: number, frame: number = 0): number {
    return this.#endOf(this.#record(index, frame))
  }

  /** A frame, made now: a part of `bytes`. */
  frame(index: number, frame: number = 0): Buffer {
    return this.#frame(this.#record(index, frame))
  }

  /** A message as `receive` gives it, its frames made now. */
  message(index: number): Buffer[] {
    let at = this.#record(index, 0)
    const frames = [this.#frame(at)]
    while ((this.bytes[at]! & MORE) !== 0) frames.push(this.#frame((at = this.#endOf(at))))
    return frames
  }

  *[Symbol.iterator](): Generator<Buffer[], void> {
    for (let index = 0; index < this.length; index++) yield this.message(index)
  }

  #record(index: number, frame: number): number {
    let at = this.#starts[index]
    if (at === undefined) throw new RangeError(`there is no message ${index} among ${this.length}`)
    for (let left = frame; left !== 0; left--) {
      // Below nought, and what is no whole number, come to no frame as well.
      if (left < 0 || (this.bytes[at]! & MORE) === 0) throw new RangeError(`message ${index} has no frame ${frame}`)
      at = this.#endOf(at)
    }
    return at
  }

  #frame(at: number): Buffer {
    return this.bytes.subarray((this.bytes[at]! & LONG) === 0 ? at + 2 : at + 9, this.#endOf(at))
  }

  #endOf(at: number): number {
    const { bytes } = this
    if ((bytes[at]! & LONG) === 0) return at + 2 + bytes[at + 1]!
    return at + 9 + bytes.readUInt32BE(at + 1) * 0x1_0000_0000 + bytes.readUInt32BE(at + 5)
  }
}

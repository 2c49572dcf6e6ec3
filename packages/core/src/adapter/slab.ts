/** The first memory and the largest, in bytes; each is twice the one before. */
const FIRST = 512
const LARGEST = 64 * 1024

/** When what is gathered is written: when the running code has returned, or at the end of the event loop's turn. */
export type Due = 'soon' | 'turn'

/**
 * Gathers what is to be written to a connection, so that many frames or packets leave in one piece. Whoever encodes
 * them asks for room, writes into `bytes` from `at` on and moves `at` behind it.
 */
export class Slab {
  /** Another after each `room`. */
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  readonly #write: (bytes: Buffer) => void
  readonly #most: number
  #from = 0
  #due: 'never' | Due = 'never'
  readonly #onDue = (): void => {
    this.#due = 'never'
    this.flush()
  }

  /** `write` has what was gathered, whose memory is its own. So many bytes are gathered at most: `due` writes more at once. */
  constructor(write: (bytes: Buffer) => void, most: number) {
    this.#write = write
    this.#most = most
  }

  get isEmpty(): boolean {
    return this.at === this.#from
  }

  /** Has so many bytes from `at` on, if need be by writing what is gathered. */
  room(size: number): void {
    if (this.at + size <= this.bytes.length) return
    this.flush()
    const usual = Math.min(Math.max(2 * this.bytes.length, FIRST), LARGEST)
    // What was written may still wait in the socket: no memory is used twice.
    this.bytes = Buffer.allocUnsafeSlow(Math.max(usual, size))
    this.#from = this.at = 0
  }

  /** Writes what is gathered by then; now, where it is enough. */
  due(when: Due): void {
    if (this.at - this.#from >= this.#most) this.flush()
    else if (when === 'soon' ? this.#due !== 'soon' : this.#due === 'never') {
      this.#due = when
      if (when === 'soon') process.nextTick(this.#onDue)
      else setImmediate(this.#onDue)
    }
  }

  /** Writes what is gathered. */
  flush(): void {
    if (this.isEmpty) return
    const bytes = this.bytes.subarray(this.#from, this.at)
    this.#from = this.at
    this.#write(bytes)
  }
}

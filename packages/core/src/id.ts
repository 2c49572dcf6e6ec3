/**
 * UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits, of which the first 12 count up within a
 * millisecond (§6.2 method 1), so that ids made by one process sort in the order in which they were made.
 */
import { randomFillSync } from 'node:crypto'

const POOL = 8192
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

class IdMaker {
  readonly #pool = new Uint8Array(POOL)
  #used = POOL
  #time = 0
  #prefix = ''
  #counter = 0

  next(): string {
    const now = Date.now()
    if (now > this.#time) this.#startAt(now)
    else if (++this.#counter > 0xfff) this.#startAt(this.#time + 1)
    if (this.#used > POOL - 8) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    const pool = this.#pool
    const at = this.#used
    this.#used = at + 8
    const counter = this.#counter
    return (
      this.#prefix +
      HEX[0x70 | (counter >> 8)] +
      HEX[counter & 0xff] +
      '-' +
      HEX[0x80 | (pool[at]! & 0x3f)] + // within the pool: at ≤ POOL - 8
      HEX[pool[at + 1]!] +
      '-' +
      HEX[pool[at + 2]!] +
      HEX[pool[at + 3]!] +
      HEX[pool[at + 4]!] +
      HEX[pool[at + 5]!] +
      HEX[pool[at + 6]!] +
      HEX[pool[at + 7]!]
    )
  }

  #startAt(time: number): void {
    this.#time = time
    const hex = time.toString(16).padStart(12, '0')
    this.#prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-`
    // Starting in the lower half leaves room to count up; the millisecond before cannot collide.
    this.#counter = Math.floor(Math.random() * 0x800)
  }
}

const ids = new IdMaker()

/** A new UUIDv7. Ids of one process sort by the order in which they were made. */
export function newId(): string {
  return ids.next()
}

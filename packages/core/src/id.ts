/**
 * UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, a counter of 12 bits (§6.2 method 1), 62 random bits. Ids made by
 * one process sort in the order of their making. Random bits are drawn anew for every millisecond and every 4,096 ids,
 * not for each: what tells ids of one draw apart is the counter (the same trade as §6.2 method 2 makes).
 */
import { stamp } from './clock/stamp.ts'
import { systemClock } from './clock/system.ts'

const COUNTS = 4096

class IdMaker {
  readonly #now = stamp(systemClock)
  readonly #random = Buffer.alloc(8)
  /** The third group, version and counter: `7000` to `7fff`. Made with the first id: importing the library costs nothing of it. */
  #counters: readonly string[] = []
  #time = 0
  #head = ''
  #tail = ''
  #counter = 0

  next(): string {
    const now = this.#now()
    if (now > this.#time) this.#draw(now)
    // A millisecond that is used up borrows from the next.
    else if (++this.#counter === COUNTS) this.#draw(Math.max(this.#time + 1, Date.now()))
    return this.#head + this.#counters[this.#counter] + this.#tail
  }

  #draw(time: number): void {
    if (this.#counters.length === 0)
      this.#counters = Array.from({ length: COUNTS }, (_, count) => (0x7000 | count).toString(16))
    this.#time = time
    this.#counter = 0
    const ms = time.toString(16).padStart(12, '0')
    // The global one is loaded when it is first used; importing node:crypto would cost a sixth of the library's import.
    crypto.getRandomValues(this.#random)
    this.#random[0] = (this.#random[0]! & 0x3f) | 0x80 // of 8
    const random = this.#random.toString('hex')
    this.#head = `${ms.slice(0, 8)}-${ms.slice(8)}-`
    this.#tail = `-${random.slice(0, 4)}-${random.slice(4)}`
  }
}

const ids = new IdMaker()

/** A new UUIDv7. Ids of one process sort by the order in which they were made. */
export function newId(): string {
  return ids.next()
}

/**
 * UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, 62 random bits, and a counter in the last 12 (§6.2 method 2, the
 * increment in the least significant bits). Ids made by one process sort in the order of their making. Random bits are
 * drawn anew for every millisecond and every 4,096 ids, not for each: what tells ids of one draw apart is the counter. It
 * stands last so that an id is the draw's text and three digits: one string to make, and one for the collector to move.
 */
import { stamp } from './clock/stamp.ts'
import { systemClock } from './clock/system.ts'

const COUNTS = 4096

class IdMaker {
  readonly #now = stamp(systemClock)
  readonly #random = Buffer.alloc(10)
  /** The last three digits. Made with the first id: importing the library costs nothing of it. */
  #counters: readonly string[] = []
  #time = 0
  #draw = ''
  #counter = 0

  next(): string {
    const now = this.#now()
    if (now > this.#time) this.#drawn(now)
    // A millisecond that is used up borrows from the next.
    else if (++this.#counter === COUNTS) this.#drawn(Math.max(this.#time + 1, Date.now()))
    return this.#draw + this.#counters[this.#counter]
  }

  #drawn(time: number): void {
    if (this.#counters.length === 0)
      this.#counters = Array.from({ length: COUNTS }, (_, count) => count.toString(16).padStart(3, '0'))
    this.#time = time
    this.#counter = 0
    const ms = time.toString(16).padStart(12, '0')
    // The global one is loaded when it is first used; importing node:crypto would cost a sixth of the library's import.
    crypto.getRandomValues(this.#random)
    this.#random[0] = (this.#random[0]! & 0x0f) | 0x70 // of 10
    this.#random[2] = (this.#random[2]! & 0x3f) | 0x80 // of 10
    const random = this.#random.toString('hex')
    const text = `${ms.slice(0, 8)}-${ms.slice(8)}-${random.slice(0, 4)}-${random.slice(4, 8)}-${random.slice(8, 17)}`
    // In one piece: ids would otherwise drag along what it was put together from.
    this.#draw = Buffer.from(text, 'latin1').toString('latin1')
  }
}

const ids = new IdMaker()

/** A new UUIDv7. Ids of one process sort by the order in which they were made. */
export function newId(): string {
  return ids.next()
}

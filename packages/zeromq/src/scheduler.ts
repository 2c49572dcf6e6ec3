import { BusyPoll } from './busy-poll.ts'

/** Something with octets to write. */
export interface Flushable {
  /** Set by the scheduler: already in its list. */
  scheduled: boolean
  flush(): void
  /** At the exit of the process: write what can be written at once. */
  flushAtExit(): void
}

/**
 * When what is queued is written (FLUSH_POLICY, our own): 'adaptive' as below; 'at-once' with each message; 'turn' at the end of the
 * turn of the event loop; 'full' when a slab of 128 KiB or the high-water mark is full, and after 10 ms at the latest.
 */
export type FlushPolicy = 'adaptive' | 'at-once' | 'turn' | 'full'

/**
 * Milliseconds for which operations settle at once before one settles from the event loop, so that others get their turn. A turn
 * costs as much as a hundred small messages, and nobody can tell how much an application does with each.
 */
const SLICE = 1
/** Operations between two looks at the clock. */
const OPERATIONS = 256
/** Steps of handshakes in one turn: each may cost a third of a millisecond. */
const HANDSHAKES = 1
/** Milliseconds after which the policy 'full' writes what there is. */
const FULL_AT_LATEST = 10
/** Milliseconds of the timer that keeps the process alive; it only matters whether it is there. */
const FOREVER = 2 ** 30

/**
 * The turns of one context: when links are flushed, when operations have to yield, and what keeps the process alive and awake.
 *
 * The first flush of a turn of the event loop runs as a microtask, so that a lone message leaves at once; while messages go
 * on coming in the same turn the later ones run from `setImmediate`, so that `await send()` in a loop fills whole writes.
 */
export class Scheduler {
  #dirty: Flushable[] = []
  #state: 'idle' | 'microtask' | 'turning' = 'idle'
  #left = OPERATIONS
  /** When operations began to settle at once. */
  #began = Number.NEGATIVE_INFINITY
  #yielding: Promise<void> | undefined
  readonly #clock: () => number
  readonly #busyPoll: BusyPoll
  #holds = 0
  #keeper: NodeJS.Timeout | undefined
  #keeping = false
  readonly #members = new Set<Flushable>()
  #handshakes: (() => void)[] = []
  #late: Flushable[] = []
  readonly #shake = (): void => this.#shakeSome()
  readonly #run = (): void => this.#microtask()
  readonly #next = (): void => this.#turn()
  readonly #atExit = (): void => {
    for (const member of this.#members) member.flushAtExit()
  }

  /** `clock` gives milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
    this.#busyPoll = new BusyPoll(clock)
  }

  /** Has `flush` called soon. */
  add(member: Flushable, policy: FlushPolicy = 'adaptive'): void {
    if (policy === 'at-once') return member.flush()
    if (member.scheduled) return
    member.scheduled = true
    if (policy === 'full') return this.#addLate(member)
    this.#dirty.push(member)
    if (this.#state !== 'idle') return
    if (policy === 'turn') return this.#wake()
    this.#state = 'microtask'
    queueMicrotask(this.#run)
  }

  /** Runs a step of a handshake that costs much; a few in each turn, first come first served. */
  handshake(step: () => void): void {
    this.#handshakes.push(step)
    if (this.#handshakes.length === 1) setImmediate(this.#shake)
  }

  /** Counts an operation that could settle at once. A promise: it has to settle only after that. */
  spend(): Promise<void> | undefined {
    return --this.#left > 0 ? undefined : this.#spent()
  }

  /** One more reason for the process to stay alive; for `busyPoll` microseconds the event loop does not sleep, either. */
  hold(busyPoll: number = 0): void {
    if (busyPoll > 0) this.#busyPoll.extend(busyPoll)
    if (++this.#holds > 1 || this.#keeping) return
    this.#keeping = true
    if (this.#keeper === undefined) this.#keeper = setInterval(() => {}, FOREVER)
    else this.#keeper.ref()
  }

  /** One reason less; the process may end after the current turn. */
  release(): void {
    if (--this.#holds > 0) return
    this.#busyPoll.stop()
    this.#wake()
  }

  join(member: Flushable): void {
    if (this.#members.size === 0) process.on('exit', this.#atExit)
    this.#members.add(member)
  }

  leave(member: Flushable): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return
    process.off('exit', this.#atExit)
    this.#wake()
  }

  #spent(): Promise<void> | undefined {
    if (this.#yielding !== undefined) return this.#yielding
    if (this.#clock() - this.#began < SLICE) {
      this.#left = OPERATIONS
      return undefined
    }
    this.#yielding = new Promise(resolve => {
      setImmediate(() => {
        this.#began = this.#clock()
        this.#left = OPERATIONS
        this.#yielding = undefined
        resolve()
      })
    })
    return this.#yielding
  }

  #addLate(member: Flushable): void {
    this.#late.push(member)
    if (this.#late.length > 1) return
    setTimeout(() => {
      for (const late of this.#late.splice(0)) {
        late.scheduled = false
        late.flush()
      }
    }, FULL_AT_LATEST)
  }

  #shakeSome(): void {
    for (const step of this.#handshakes.splice(0, HANDSHAKES)) step()
    if (this.#handshakes.length > 0) setImmediate(this.#shake)
  }

  #wake(): void {
    if (this.#state !== 'idle') return
    this.#state = 'turning'
    setImmediate(this.#next)
  }

  #microtask(): void {
    this.#flush()
    this.#state = 'turning'
    setImmediate(this.#next)
  }

  #turn(): void {
    if (this.#holds === 0 && this.#keeping) {
      this.#keeping = false
      this.#keeper?.unref()
      if (this.#members.size === 0) {
        clearInterval(this.#keeper)
        this.#keeper = undefined
      }
    }
    if (this.#dirty.length === 0) {
      this.#state = 'idle'
      return
    }
    this.#flush()
    setImmediate(this.#next)
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (let i = 0; i < dirty.length; i++) {
      const member = dirty[i]! // i is below the length
      member.scheduled = false
      member.flush()
    }
  }
}

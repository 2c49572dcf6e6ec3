import { KeyGate } from '../adapter/key-gate.ts'
import { Ring } from '../adapter/ring.ts'
import type { Clock, Timer } from '../clock/clock.ts'
import { Schedule } from '../clock/schedule.ts'
import type { Delivery, Message, Subscription } from '../contract.ts'
import type { Breaker } from '../policy/breaker.ts'
import type { Throttle } from '../policy/throttle.ts'
import { StreamSense } from './stream-sense.ts'

export interface IntakeOptions {
  readonly concurrency: number
  readonly orderBy: ((delivery: Delivery) => string | undefined) | undefined
  readonly breaker: Breaker | undefined
  readonly throttle: Throttle | undefined
  readonly clock: Clock
  /** Does the work; `finished` must follow, at once or later. */
  readonly work: (delivery: Delivery, key: string | undefined) => void
  /** `orderBy` threw; `finished` must follow. */
  readonly unordered: (delivery: Delivery, error: unknown) => void
  /** A delivery came. */
  readonly works: () => void
  readonly stumbled: (subscription: Subscription, error: unknown) => void
}

/** Deliveries taken in before the event loop gets a turn: else a busy topic starves timers and IO. */
const TURN = 512

/**
 * Takes deliveries from a subscription as long as there are slots, the breaker is closed and the throttle has places, and
 * lets them through the key gate. A loop that is re-entered when something changes, so that a delivery which is there
 * costs no promise.
 */
export class Intake {
  readonly #options: IntakeOptions
  readonly #gate = new KeyGate<Delivery>()
  readonly #sense = new StreamSense()
  /** When the messages expire that keys are kept for. */
  readonly #expiries: Schedule
  /** Let through by the gate, not begun yet: before everything that is still to come. */
  readonly #through = new Ring<{ readonly delivery: Delivery; readonly key: string }>()
  #state: 'idle' | 'open' | 'stopped' = 'idle'
  #subscription: Subscription | undefined
  /** Arrived while the intake had to wait. */
  #putBack: Delivery | undefined
  #busy = 0
  #turn = 0
  #looping = false
  /** The subscription that a receive is waiting for. */
  #receiving: Subscription | undefined
  /** What wakes the loop, when it waits for something else than a delivery; called, it takes that back. */
  #asleep: (() => void) | undefined
  #emptied: (() => void) | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#expiries = new Schedule(options.clock, { background: true })
  }

  /** Deliveries being worked on. */
  get busy(): number {
    return this.#busy
  }

  /** Deliveries that wait for an earlier one of their key. */
  get waiting(): number {
    return this.#gate.waiting + this.#through.size
  }

  /** Takes from this subscription from now on. */
  open(subscription: Subscription): void {
    if (this.#state === 'stopped') return
    this.#state = 'open'
    this.#subscription = subscription
    this.#loop()
  }

  /** Takes nothing for so long: the work was given back and would be here again at once. */
  pause(ms: number): void {
    if (this.#state === 'stopped') return
    this.#asleep?.()
    this.#sleepUntil(this.#options.clock.after(ms, () => this.#awake()))
  }

  /** The work on a delivery is over. `held`: it failed and will be back with the same message, before others of its key. */
  finished(delivery: Delivery, key: string | undefined, held: boolean): void {
    this.#busy--
    if (key !== undefined) {
      if (held) this.#hold(key, delivery)
      else {
        const next = this.#gate.leave(key)
        if (next) this.#through.push({ delivery: next, key })
      }
    }
    if (this.#busy === 0) this.#emptied?.()
    if (!this.#looping) this.#loop()
  }

  /** What waits may be lost, and what is expected back may never come: these, or all where nobody knows which. */
  lost(which?: ReadonlySet<Message>): void {
    const gone = ({ signal }: Delivery): boolean => signal.aborted
    this.#gate.take(gone)
    if (this.#putBack && gone(this.#putBack)) this.#putBack = undefined
    for (let left = this.#through.size; left > 0; left--) {
      const one = this.#through.shift()! // left > 0, so there is one
      const next = gone(one.delivery) ? this.#gate.leave(one.key) : one.delivery
      if (next) this.#through.push({ delivery: next, key: one.key })
    }
    this.#reopen(which === undefined ? undefined : message => which.has(message as Message))
    this.#loop()
  }

  /** Takes nothing more. Returns what had come and was not begun. */
  stop(): Delivery[] {
    this.#state = 'stopped'
    this.#asleep?.()
    this.#asleep = undefined
    this.#sense.stop()
    this.#expiries.clear()
    const left = [...this.#through].map(({ delivery }) => delivery).concat(this.#gate.take())
    if (this.#putBack) left.push(this.#putBack)
    this.#putBack = undefined
    this.#through.clear()
    return left
  }

  /** Resolves when nothing is being worked on. */
  empty(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve()
    return new Promise(resolve => (this.#emptied = resolve))
  }

  /** The key is kept for the message; not for longer than it lives, for what has expired does not come back. */
  #hold(key: string, { message, expires }: Delivery): void {
    this.#gate.hold(key, message)
    if (expires === undefined || this.#state === 'stopped') return
    this.#expiries.add(expires, () => {
      this.#reopen(one => one === message)
      this.#loop()
    })
  }

  #reopen(which?: (token: unknown) => boolean): void {
    for (const { key, item } of this.#gate.reopen(which)) this.#through.push({ delivery: item, key })
  }

  #loop(): void {
    if (this.#looping) return
    this.#looping = true
    const { concurrency } = this.#options
    try {
      while (this.#state === 'open' && this.#busy < concurrency && this.#asleep === undefined && this.#ready()) {
        if (this.#turn >= TURN) {
          this.#giveWay()
          break
        }
        const next = this.#through.shift()
        if (next) this.#begin(next.delivery, next.key)
        else {
          const delivery = this.#take()
          if (delivery === undefined) break
          this.#admit(delivery)
        }
      }
    } finally {
      this.#looping = false
    }
  }

  #take(): Delivery | undefined {
    const { works, stumbled } = this.#options
    const subscription = this.#subscription
    if (this.#putBack) {
      const delivery = this.#putBack
      this.#putBack = undefined
      return delivery
    }
    if (subscription === undefined || this.#receiving === subscription) return undefined
    try {
      const delivery = subscription.tryReceive()
      if (delivery) {
        works()
        this.#sense.took()
        return delivery
      }
    } catch (error) {
      this.#subscription = undefined
      stumbled(subscription, error)
      return undefined
    }
    if (this.#sense.dry()) this.#giveWay()
    else this.#receive(subscription)
    return undefined
  }

  #receive(subscription: Subscription): void {
    this.#receiving = subscription
    subscription.receive().then(
      delivery => {
        if (this.#receiving === subscription) this.#receiving = undefined
        if (this.#state === 'stopped') return void delivery.release()
        this.#options.works()
        this.#sense.woken()
        this.#putBack = delivery
        this.#loop()
      },
      (error: unknown) => {
        if (this.#receiving === subscription) this.#receiving = undefined
        if (this.#state === 'stopped' || this.#subscription !== subscription) return
        this.#subscription = undefined // until it is ready again
        this.#options.stumbled(subscription, error)
      },
    )
  }

  #admit(delivery: Delivery): void {
    const { orderBy } = this.#options
    if (orderBy === undefined) return this.#begin(delivery, undefined)
    let key: string | undefined
    try {
      key = this.#keyOf(delivery)
    } catch (error) {
      this.#busy++
      this.#turn++
      return this.#options.unordered(delivery, error)
    }
    if (key === undefined || this.#gate.enter(key, delivery, delivery.message, delivery.attempt > 1))
      this.#begin(delivery, key)
    else this.#turn++
  }

  #begin(delivery: Delivery, key: string | undefined): void {
    this.#busy++
    this.#turn++
    this.#options.work(delivery, key)
  }

  #keyOf(delivery: Delivery): string | undefined {
    return this.#gate.keyOf(delivery.message) ?? this.#options.orderBy?.(delivery)
  }

  /** Whether the breaker and the throttle let something through; where not, the loop sleeps until they may. */
  #ready(): boolean {
    const { breaker, throttle, clock } = this.#options
    if (breaker && !breaker.ready) {
      this.#asleep = breaker.whenReady(() => this.#awake())
      return false
    }
    const delay = throttle?.delay ?? 0
    if (delay === 0) return true
    this.#sleepUntil(clock.after(delay, () => this.#awake()))
    return false
  }

  #giveWay(): void {
    const turn = setImmediate(() => {
      this.#turn = 0
      this.#awake()
    })
    this.#asleep = () => clearImmediate(turn)
  }

  #sleepUntil(timer: Timer): void {
    this.#asleep = () => timer.cancel()
  }

  #awake(): void {
    this.#asleep = undefined
    this.#loop()
  }
}

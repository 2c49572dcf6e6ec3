/** One operation that waits: a send for room or a receive for a message. */
export class Waiter<T> {
  readonly promise: Promise<T>
  #resolve!: (value: T | Promise<T>) => void // set by the promise's executor, which runs at once
  #reject!: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #signal: AbortSignal | undefined
  #aborted: (() => void) | undefined
  #over: () => void

  /** `over` is called once, when it settles. */
  constructor(over: () => void) {
    this.#over = over
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Gives up after `milliseconds` (-1: never) with the error, or when the signal aborts, with its reason. */
  bound(milliseconds: number, error: () => Error, signal?: AbortSignal): void {
    if (milliseconds >= 0) this.#timer = setTimeout(() => this.fail(error()), milliseconds)
    if (signal === undefined) return
    this.#signal = signal
    this.#aborted = () => this.fail(signal.reason)
    signal.addEventListener('abort', this.#aborted, { once: true })
  }

  settle(value: T): void {
    this.#end()
    this.#resolve(value)
  }

  fail(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    if (this.#aborted !== undefined) this.#signal?.removeEventListener('abort', this.#aborted)
    this.#over()
    this.#over = NOTHING
  }
}

/** A receive that waits: what it resolves to is made of the message that comes. */
export class Receiving<M, T> {
  readonly waiter: Waiter<T>
  readonly #made: (message: M) => T

  constructor(made: (message: M) => T, over: () => void) {
    this.#made = made
    this.waiter = new Waiter(over)
  }

  give(message: M): void {
    this.waiter.settle(this.#made(message))
  }

  fail(error: unknown): void {
    this.waiter.fail(error)
  }
}

const NOTHING = (): void => {}

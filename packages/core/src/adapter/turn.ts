/** Messages handled without waiting, after which the event loop gets a turn: else a busy topic starves timers and IO. */
const MOST = 1024

/** Counts work that needed no waiting. Promises that are settled already never let the event loop go on by themselves. */
export class Turn {
  #spent = 0

  /** True when so much was done that the next promise must wait for the event loop. */
  spend(messages: number): boolean {
    this.#spent += messages
    if (this.#spent < MOST) return false
    this.#spent = 0
    return true
  }

  /** The value, after the event loop had a turn. */
  after<T>(value: T): Promise<T> {
    return new Promise(resolve => setImmediate(resolve, value))
  }
}

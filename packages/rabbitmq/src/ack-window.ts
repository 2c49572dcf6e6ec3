/**
 * Which delivery tags of a channel are settled on the wire, so that a run of acknowledgements can go out as one frame
 * that settles exactly that run. Tags count up by one from 1 (AMQP 0-9-1 §1.4.2.2). PURE.
 */
export class AckWindow {
  /** Everything below it is settled. */
  #low = 1
  /** Settled out of order, at or above `#low`. */
  readonly #ahead = new Set<number>()

  /** Tags that are settled while an older one is not. */
  get ahead(): number {
    return this.#ahead.size
  }

  /** This one is settled by other means. */
  settled(tag: number): void {
    if (tag < this.#low) return
    this.#ahead.add(tag)
    this.#advance()
  }

  /**
   * Calls `send` as few times as will acknowledge exactly these: with `multiple` where everything older is settled as
   * well or is among them. Sorts the array.
   */
  acknowledge(tags: number[], send: (tag: number, multiple: boolean) => void): void {
    if (!sorted(tags)) tags.sort((a, b) => a - b)
    let last = 0
    let run = 0
    for (let i = 0; i < tags.length; i++) {
      const tag = tags[i]! // i < length
      if (tag < this.#low) continue // it was settled before
      if (tag === this.#low) {
        this.#low++
        this.#advance()
        last = tag
        run++
      } else {
        this.#ahead.add(tag)
        send(tag, false)
      }
    }
    if (run > 0) send(last, run > 1)
  }

  #advance(): void {
    while (this.#ahead.delete(this.#low)) this.#low++
  }
}

function sorted(tags: readonly number[]): boolean {
  for (let i = 1; i < tags.length; i++) if (tags[i - 1]! > tags[i]!) return false // i < length
  return true
}

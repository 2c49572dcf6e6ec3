import type { Random } from './random.ts'

/** One parser or state machine under fire. */
export interface Target {
  readonly name: string
  /** How many of every 100 inputs it gets, about. */
  readonly weight: number
  /** Makes one input, feeds it, and throws where anything that ought to hold does not. */
  run(random: Random): void
}

import { commits } from './cluster.ts'
import type { Member } from './member.ts'
import type { Partition } from './partition.ts'

export interface CommitsOptions {
  readonly member: Member
  /** Whether a partition is still this consumer's. */
  readonly owns: (partition: Partition) => boolean
  /** Whether a partition is being left in order, by a commit that says so. */
  readonly leaves: (partition: Partition) => boolean
}

/** ms from the beginning of a commit to that of the next, where one follows another at once: each costs as much as some hundred messages. */
const PACE = 5

/** How far partitions are settled, told to the group: one commit at a time, and what comes meanwhile goes with the next. */
export class Commits {
  readonly #options: CommitsOptions
  readonly #dirty = new Set<Partition>()
  #committing: Promise<void> | undefined
  #following: Promise<void> | undefined
  #begun = 0

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  /** Its place, or what stands beside it, is another than was committed. */
  add(partition: Partition): void {
    this.#dirty.add(partition)
  }

  /** It is another's now. */
  drop(partition: Partition): void {
    this.#dirty.delete(partition)
  }

  /** Resolves when everything that may be committed now is. */
  commit(): Promise<void> {
    if (!this.#committing) return this.#start(false)
    this.#following ??= this.#committing
      .catch(() => undefined) // its own callers see it
      .then(() => this.#pace())
      .then(() => {
        this.#following = undefined
        return this.commit()
      })
    return this.#following
  }

  /** The last commit for those that are being left. */
  async leave(): Promise<void> {
    while (this.#committing) await this.#committing.catch(() => undefined) // its own callers see it
    await this.#start(true)
  }

  async #pace(): Promise<void> {
    const left = this.#begun + PACE - performance.now()
    if (left > 0) await new Promise(resolve => setTimeout(resolve, Math.ceil(left))) // Node drops the fraction
  }

  #start(leaving: boolean): Promise<void> {
    this.#begun = performance.now()
    this.#committing = this.#once(leaving).finally(() => (this.#committing = undefined))
    return this.#committing
  }

  async #once(leaving: boolean): Promise<void> {
    if (this.#dirty.size === 0) return
    const taken = [...this.#dirty]
    this.#dirty.clear()
    const topics = new Map<string, [number, number, ReturnType<Partition['mark']>][]>()
    for (const partition of taken) {
      const left = leaving && this.#options.leaves(partition)
      const list = topics.get(partition.topic) ?? []
      list.push([partition.index, partition.settled, partition.mark(left)])
      topics.set(partition.topic, list)
    }
    try {
      await this.#options.member.commit([...topics].map(([name, list]) => ({ name, partitions: commits(list) })))
    } catch (error) {
      for (const partition of taken) if (this.#options.owns(partition)) this.#dirty.add(partition)
      throw error
    }
  }
}

import { asError, isPattern, matches } from 'millrace/adapter'
import type { AttachSpec, MillraceError } from 'millrace/adapter'
import type { Cluster } from './cluster.ts'
import { ours } from './errors.ts'
import { isRetryTopic, retryTopic, unmarked } from './names.ts'

export interface TopicsOptions {
  readonly cluster: Cluster
  readonly spec: AttachSpec
}

/** The topics that a consumer means, as far as they exist, and those that come later. */
export class Topics {
  readonly #options: TopicsOptions
  /** How many partitions each topic had when the consumer came: those that follow are read from their beginning. */
  readonly #begun = new Map<string, number>()
  #counts: ReadonlyMap<string, number> = new Map()
  #names: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  #state: 'on' | 'off' = 'on'

  constructor(options: TopicsOptions) {
    this.#options = options
  }

  /** By their names in the cluster. */
  get names(): readonly string[] {
    return this.#names
  }

  /** Looks for them for the first time, and gives the group its place in each. */
  async find(): Promise<void> {
    const { cluster, spec } = this.#options
    const names = await this.#matching()
    for (const topic of names) {
      if (spec.group !== undefined) await cluster.place(spec.group, topic, isRetryTopic(topic) ? 'earliest' : spec.from)
      this.#begun.set(topic, await cluster.partitions(topic))
    }
    this.#counts = new Map(this.#begun)
    this.#names = names
  }

  /** Where the reading of these partitions begins. */
  async begins(topic: string, indexes: readonly number[]): Promise<Map<number, number>> {
    const { cluster, spec } = this.#options
    const count = isRetryTopic(topic) ? 0 : (this.#begun.get(topic) ?? 0)
    const old = indexes.filter(index => index < count)
    const late = indexes.filter(index => index >= count)
    return new Map([...(await cluster.begin(topic, old, spec.from)), ...(await cluster.begin(topic, late, 'earliest'))])
  }

  /** From now on tells when topics or partitions have come; until `stop`. */
  watch(changed: () => void | Promise<void>, failed: (error: MillraceError) => void): void {
    if (this.#state === 'off') return
    this.#timer = setTimeout(
      () =>
        void this.#refresh(changed).then(
          () => this.watch(changed, failed),
          (error: unknown) => failed(ours(asError(error), 'look for topics')),
        ),
      this.#options.cluster.plan.refresh,
    )
    this.#timer.unref()
  }

  stop(): void {
    this.#state = 'off'
    clearTimeout(this.#timer)
  }

  async #refresh(changed: () => void | Promise<void>): Promise<void> {
    const { cluster } = this.#options
    const names = await this.#matching()
    const counts = new Map<string, number>()
    for (const topic of names) counts.set(topic, await cluster.partitions(topic, true))
    const grown = names.some(one => (this.#counts.get(one) ?? 0) !== counts.get(one))
    const others = names.join() !== this.#names.join()
    this.#counts = counts
    if (!(grown || others) || this.#state === 'off') return
    this.#names = names
    await changed()
  }

  /** Every topic that is meant, as far as it exists. */
  async #matching(): Promise<readonly string[]> {
    const { cluster, spec } = this.#options
    const found = new Set<string>()
    const all = spec.topics.some(isPattern) ? await cluster.topics() : []
    for (const topic of spec.topics)
      if (!isPattern(topic)) found.add(await cluster.ensure(topic))
      else for (const name of all) if (!isRetryTopic(name) && matches(topic, unmarked(name))) found.add(name)
    const names = [...found]
    const { group } = spec
    if (cluster.plan.retryTopics && group !== undefined)
      for (const name of names) found.add(await cluster.ensure(retryTopic(unmarked(name), group)))
    return [...found].sort()
  }
}

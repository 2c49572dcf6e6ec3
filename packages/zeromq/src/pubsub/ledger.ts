/** What a consumer wants when it joins. */
export interface Wish {
  /** Consumers of a group share its messages; without one a consumer gets all that it wants. */
  readonly group: string | undefined
  /** Equal for equal wishes: a group remembers each once. */
  readonly key: string
  wants(topic: string): boolean
}

/** A message on its way to one consumer. */
export interface Handed<M> {
  readonly sequence: number
  readonly topic: string
  readonly message: M
  /** 1 the first time; only failures count. */
  readonly attempt: number
  /** A consumer had it before. */
  readonly redelivered: boolean
}

/** What became of a message in a consumer's hands. */
export type Outcome = 'ack' | 'nack' | 'release'

/** What a ledger needs from outside. */
export interface LedgerHost<M> {
  /** Sends a message to a consumer. */
  hand(consumer: string, message: Handed<M>): void
  /** Calls back after so many milliseconds, unless the ledger is closed before. */
  after(milliseconds: number, work: () => void): void
}

interface Entry<M> {
  readonly sequence: number
  readonly topic: string
  readonly message: M
  attempt: number
  redelivered: boolean
}

interface Group<M> {
  /** What its consumers have asked for, also those that are gone. */
  readonly wishes: Map<string, Wish>
  /** By topic, in order of sequence: what comes back stands before what is newer. */
  readonly lanes: Map<string, Entry<M>[]>
  readonly consumers: Consumer<M>[]
  /** Whose turn it is. */
  turn: number
  waiting: number
}

interface Consumer<M> {
  readonly id: string
  readonly group: Group<M>
  readonly wish: Wish
  credit: number
  readonly inHand: Map<number, Entry<M>>
}

/**
 * The publisher's side of acknowledged delivery: each group of consumers gets each message it wants, one consumer of it
 * at a time and within its credit, until it is acked. What a consumer had when it went away goes to the next.
 */
export class Ledger<M> {
  readonly #host: LedgerHost<M>
  readonly #groups = new Map<string, Group<M>>()
  readonly #alone = new Set<Group<M>>()
  readonly #consumers = new Map<string, Consumer<M>>()
  readonly #bound: number
  #listeners: (() => void)[] = []
  #sequence = 0

  /** `bound`: messages that may wait in a group. */
  constructor(host: LedgerHost<M>, bound: number) {
    this.#host = host
    this.#bound = bound
  }

  /** Whether each group that wants the topic has room for one more of it. */
  hasRoom(topic: string): boolean {
    for (const group of this.#all()) if (group.waiting >= this.#bound && wants(group, topic)) return false
    return true
  }

  /** Calls once, when there may be room again. */
  onRoom(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Messages that no consumer has in hand. */
  get waiting(): number {
    let count = 0
    for (const group of this.#all()) count += group.waiting
    return count
  }

  /** Gives a message to every group that wants it now; what nobody wants is gone. */
  publish(topic: string, message: M): void {
    const sequence = ++this.#sequence
    for (const group of this.#all()) {
      if (!wants(group, topic)) continue
      const lane = group.lanes.get(topic) ?? []
      if (lane.length === 0) group.lanes.set(topic, lane)
      lane.push({ sequence, topic, message, attempt: 1, redelivered: false })
      group.waiting++
      this.#handLane(group, topic, lane)
    }
  }

  /** A consumer comes, or says anew what it wants. */
  join(id: string, wish: Wish): void {
    this.leave(id)
    const { group: name, key } = wish
    let group = name === undefined ? undefined : this.#groups.get(name)
    if (group === undefined) {
      group = { wishes: new Map(), lanes: new Map(), consumers: [], turn: 0, waiting: 0 }
      if (name === undefined) this.#alone.add(group)
      else this.#groups.set(name, group)
    }
    group.wishes.set(key, wish)
    const consumer: Consumer<M> = { id, group, wish, credit: 0, inHand: new Map() }
    group.consumers.push(consumer)
    this.#consumers.set(id, consumer)
  }

  /** A consumer may have so many more. */
  credit(id: string, count: number): void {
    const consumer = this.#consumers.get(id)
    if (consumer === undefined) return
    consumer.credit += count
    this.#hand(consumer.group)
  }

  /** A consumer is gone: what it had goes to others of its group, in order; that is no failure. */
  leave(id: string): void {
    const consumer = this.#consumers.get(id)
    if (consumer === undefined) return
    this.#consumers.delete(id)
    const { group } = consumer
    const at = group.consumers.indexOf(consumer)
    group.consumers.splice(at, 1)
    if (group.turn > at) group.turn--
    if (consumer.wish.group === undefined) {
      this.#alone.delete(group)
      this.#tellRoom()
      return
    }
    for (const entry of consumer.inHand.values()) this.#back(group, entry)
    this.#hand(group)
  }

  /** A consumer is done with a message; a strange one is ignored. `delay`: milliseconds, of a nack. */
  settle(id: string, sequence: number, outcome: Outcome, delay: number): void {
    const consumer = this.#consumers.get(id)
    const entry = consumer?.inHand.get(sequence)
    if (consumer === undefined || entry === undefined) return
    consumer.inHand.delete(sequence)
    if (outcome === 'ack') return
    if (outcome === 'nack') entry.attempt++
    const { group } = consumer
    const again = (): void => {
      this.#back(group, entry)
      this.#hand(group)
    }
    if (delay > 0) this.#host.after(delay, again)
    else again()
  }

  *#all(): IterableIterator<Group<M>> {
    yield* this.#groups.values()
    yield* this.#alone
  }

  #back(group: Group<M>, entry: Entry<M>): void {
    entry.redelivered = true
    const lane = group.lanes.get(entry.topic) ?? []
    if (lane.length === 0) group.lanes.set(entry.topic, lane)
    let at = lane.length
    while (at > 0 && lane[at - 1]!.sequence > entry.sequence) at--
    lane.splice(at, 0, entry)
    group.waiting++
  }

  #hand(group: Group<M>): void {
    for (const [topic, lane] of group.lanes) this.#handLane(group, topic, lane)
  }

  #handLane(group: Group<M>, topic: string, lane: Entry<M>[]): void {
    let handed = 0
    while (handed < lane.length) {
      const consumer = this.#next(group, topic)
      if (consumer === undefined) break
      const entry = lane[handed++]! // below length
      consumer.credit--
      consumer.inHand.set(entry.sequence, entry)
      const { sequence, message, attempt, redelivered } = entry
      this.#host.hand(consumer.id, { sequence, topic, message, attempt, redelivered })
    }
    if (handed === 0) return
    lane.splice(0, handed)
    if (lane.length === 0) group.lanes.delete(topic)
    group.waiting -= handed
    this.#tellRoom()
  }

  #tellRoom(): void {
    if (this.#listeners.length === 0) return
    const listeners = this.#listeners
    this.#listeners = []
    for (const listener of listeners) listener()
  }

  /** The next consumer that wants the topic and has credit. */
  #next(group: Group<M>, topic: string): Consumer<M> | undefined {
    const { consumers } = group
    for (let tried = 0; tried < consumers.length; tried++) {
      if (group.turn >= consumers.length) group.turn = 0
      const consumer = consumers[group.turn++]!
      if (consumer.credit > 0 && consumer.wish.wants(topic)) return consumer
    }
    return undefined
  }
}

function wants<M>(group: Group<M>, topic: string): boolean {
  for (const wish of group.wishes.values()) if (wish.wants(topic)) return true
  return false
}

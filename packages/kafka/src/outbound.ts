import { murmur2, protocolErrorsCodesById } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'
import type { WriteOptions } from 'millrace/adapter'
import type { Failure, Message } from 'millrace'
import type { Cluster } from './cluster.ts'
import { checkCarried, keyBytes } from './encode.ts'
import type { RecordStamp } from './encode.ts'
import { answer, codeOf, ours } from './errors.ts'
import { Entry, Job, laneKey } from './job.ts'
import type { Lane } from './job.ts'
import type { Plan } from './options.ts'
import { pack } from './produce.ts'
import type { BatchMessage } from './produce.ts'
import { Scratch } from './scratch.ts'
import { Sender } from './sender.ts'

/** Where a topic's messages go. */
interface Route {
  /** In the cluster. */
  readonly name: string
  readonly lanes: readonly Lane[]
  readonly at: number
}

interface ProduceAnswer {
  readonly responses: readonly {
    readonly name: string
    readonly partitionResponses: readonly {
      readonly index: number
      readonly errorCode: number
      readonly errorMessage: string | null
    }[]
  }[]
}

/** All partitions' batches in one request. */
const REQUEST = 8 * 1024 * 1024
/** ms after which a call that has no answer yet is asked whether its caller still waits. */
const LOOK = 100
/** So many that are given up may stay in the queue in any case. */
const FEW = 64
/** ms after which a topic's partitions are counted again. */
const COUNTED = 60_000

/**
 * Batches what is published: one request at a time, so that the order holds through retries; what comes meanwhile goes
 * with the next. The producer is idempotent and tries until it succeeds; a caller that does not want to wait so long
 * gets 'unknown'.
 */
export class Outbound {
  readonly #cluster: Cluster
  readonly #plan: Plan
  readonly #routes = new Map<string, Route>()
  readonly #stuck = new Map<string, number>()
  readonly #scratch = new Scratch()
  /** `packing`: a request is made, of which nothing is sent yet. */
  #state: 'idle' | 'packing' | 'sending' | 'closed' = 'idle'
  /** In the request that is made or under way. */
  #sent: readonly Entry[] = []
  #queue: Entry[] = []
  /** So many in the queue are given up: they leave it together, or each when its turn comes. */
  #givenUp = 0
  #sender: Sender | undefined
  /** Told when the request under way has its answer. */
  #onSent: (() => void) | undefined
  #armed: NodeJS.Timeout | 'now' | undefined
  /** Bytes in the queue. */
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#plan = cluster.plan
  }

  /** See `Driver.write`. */
  write(
    topic: string,
    batch: readonly Message[],
    options: WriteOptions,
    stamp?: Partial<RecordStamp>,
  ): Promise<readonly Failure[]> {
    if (this.#state === 'closed') return Promise.reject(closed())
    checkCarried(batch, this.#plan.wire)
    const now = Date.now()
    const route = this.#route(topic, now)
    // Only at the first message to a topic, and now and then, is there anything to wait for.
    if (!route)
      return this.#look(topic).then(() => {
        if (options.signal.aborted) throw options.signal.reason
        return this.write(topic, batch, options, stamp)
      })
    return new Promise(resolve => {
      const job = new Job(batch, options, now, resolve)
      const full: RecordStamp = { time: now, expires: options.expires, ...stamp }
      for (let index = 0; index < batch.length; index++) {
        const message = batch[index]! // index < length
        const key = keyBytes(message)
        const entry = new Entry(job, index, { message, lane: this.#lane(route, key), key, stamp: full })
        this.#queue.push(entry)
        this.#waiting += entry.bytes
      }
      this.#watch()
      this.#arm()
    })
  }

  /** Where a message goes: the topic's name in the cluster, and the partition. */
  async place(topic: string, message: Message): Promise<Lane> {
    const route = this.#route(topic, Date.now()) ?? (await this.#look(topic))
    return this.#lane(route, keyBytes(message))
  }

  /** Sends what waits, then disconnects. At the abort what is not answered is given up. */
  async close(signal: AbortSignal): Promise<void> {
    const cut = new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    while ((this.#queue.length > 0 || this.#state !== 'idle') && !signal.aborted) {
      this.#flush()
      if (this.#state !== 'idle') await Promise.race([new Promise<void>(resolve => (this.#onSent = resolve)), cut])
    }
    const outcome = this.#state === 'sending' ? 'unknown' : 'refused'
    this.#state = 'closed'
    clearTimeout(this.#timer)
    if (this.#armed !== 'now') clearTimeout(this.#armed)
    const error = closed()
    for (const entry of this.#queue.splice(0)) fail(entry, 'refused', error)
    for (const entry of this.#sent) if (entry.state === 'sent') fail(entry, outcome, error)
    const sender = this.#sender
    this.#sender = undefined
    await sender?.close()
  }

  #route(topic: string, now: number): Route | undefined {
    const known = this.#routes.get(topic)
    return known !== undefined && now - known.at < COUNTED ? known : undefined
  }

  async #look(topic: string): Promise<Route> {
    const name = await this.#cluster.ensure(topic)
    const count = await this.#cluster.partitions(name, true)
    const known = this.#routes.get(topic)
    const lanes =
      known?.name === name && known.lanes.length === count
        ? known.lanes
        : Array.from({ length: count }, (_, partition) => ({ topic: name, partition }))
    const route = { name, lanes, at: Date.now() }
    this.#routes.set(topic, route)
    return route
  }

  /** By its key, else where the keyless ones go for now. */
  #lane({ name, lanes }: Route, key: Buffer | undefined): Lane {
    const count = lanes.length
    let partition: number
    if (key === undefined) partition = (this.#stuck.get(name) ?? 0) % count
    else if (this.#plan.partitioner) partition = this.#plan.partitioner(key, count)
    // As Java does it. The client's own default makes another partition of every second hash, unless their number is a power of two.
    else partition = (murmur2(key) & 0x7fffffff) % count
    return lanes[partition] ?? { topic: name, partition }
  }

  /** After all that is published in this turn of the event loop; after `linger`, or when there is a batch. */
  #arm(): void {
    if (this.#state !== 'idle' || this.#queue.length === 0) return
    const enough = this.#plan.linger === 0 || this.#waiting >= this.#plan.batchBytes
    if (this.#armed === 'now' || (this.#armed !== undefined && !enough)) return
    if (this.#armed !== undefined) clearTimeout(this.#armed)
    const go = (): void => {
      this.#armed = undefined
      this.#flush()
    }
    if (enough) {
      this.#armed = 'now'
      process.nextTick(go)
    } else this.#armed = setTimeout(go, this.#plan.linger)
  }

  #flush(): void {
    if (this.#state !== 'idle' || this.#queue.length === 0) return
    const batch = this.#next()
    if (batch.length === 0) return
    this.#sent = batch
    this.#state = 'packing'
    this.#scratch.clear() // the request before has its answer
    const { wire, compression } = this.#plan
    const end = (error: unknown): void => this.#ended(batch, error)
    try {
      const batches = pack(batch, wire, this.#scratch)
      if (compression === 'none') this.#send(batches, end)
      else
        Promise.all(batches.map(({ value }) => value.compress(compression)))
          .then(() => this.#send(batches, end))
          .catch(end)
    } catch (error) {
      end(error)
    }
  }

  #send(batches: readonly BatchMessage[], end: (error: unknown) => void): void {
    if (this.#state === 'closed') return // while they were compressed
    this.#state = 'sending'
    this.#sender ??= new Sender(this.#plan.base, () => this.#cluster.check())
    this.#sender.send(batches, end)
  }

  #ended(batch: readonly Entry[], error: unknown): void {
    if (this.#state === 'closed') return // each has its answer
    if (error === undefined) for (const entry of batch) entry.answer()
    else this.#sort(batch, error)
    this.#state = 'idle'
    this.#sent = []
    this.#onSent?.()
    // What came meanwhile has waited long enough.
    if (this.#queue.length > 0) process.nextTick(() => this.#flush())
  }

  /** From the head of the queue, in order, as much as a request takes. */
  #next(): Entry[] {
    const { batchBytes } = this.#plan
    const lanes = new Map<Lane, number>()
    const batch: Entry[] = []
    let taken = 0
    let total = 0
    for (const entry of this.#queue) {
      const { lane, state } = entry
      if (state === 'answered') {
        taken++
        continue
      }
      const before = lanes.get(lane) ?? 0
      const full = before > 0 && before + entry.bytes > batchBytes
      if (batch.length > 0 && (full || total + entry.bytes > REQUEST || entry.alone)) break
      lanes.set(lane, before + entry.bytes)
      total += entry.bytes
      taken++
      entry.state = 'sent'
      batch.push(entry)
      if (entry.alone) break
    }
    this.#queue.splice(0, taken)
    this.#givenUp -= taken - batch.length
    this.#waiting -= total
    // Keyless messages stick to a partition for a batch: fewer, larger batches.
    for (const { lane, key } of batch)
      if (key === undefined) {
        this.#stuck.set(lane.topic, ((this.#stuck.get(lane.topic) ?? 0) + 1) % 0x7fffffff)
        break
      }
    return batch
  }

  /** Which of a batch that failed are in, which are refused, and which nobody knows of. */
  #sort(batch: readonly Entry[], error: unknown): void {
    const failure = ours(error, 'publish')
    const codes = new Map<string, number>()
    for (const { name, partitionResponses } of answer<ProduceAnswer>(error)?.responses ?? [])
      for (const { index, errorCode } of partitionResponses) codes.set(`${name}:${index}`, errorCode)
    const lanes = new Map<string, number>()
    for (const entry of batch) {
      const lane = laneKey(entry.lane)
      lanes.set(lane, (lanes.get(lane) ?? 0) + 1)
    }
    const again: Entry[] = []
    for (const entry of batch) {
      const lane = laneKey(entry.lane)
      const code = codes.get(lane)
      if (code === 0) {
        entry.answer()
        continue
      }
      const id = code === undefined ? undefined : nameOf(code)
      const why = id === undefined ? undefined : codeOf(id)
      const refused = why !== undefined || failure.code !== 'DISCONNECTED'
      if (refused && failure.code === 'NO_ROUTE') {
        for (const [topic, { name }] of this.#routes) if (name === entry.lane.topic) this.#routes.delete(topic)
        this.#cluster.forget(entry.lane.topic)
      }
      if (refused && code !== undefined && (lanes.get(lane) ?? 0) > 1 && !entry.alone) {
        entry.alone = true
        if (entry.state === 'sent') again.push(entry)
      } else fail(entry, refused ? 'refused' : 'unknown', failure)
    }
    for (const entry of again) {
      entry.state = 'waiting'
      this.#waiting += entry.bytes
    }
    this.#queue.unshift(...again)
    // After a failure the client's sequence numbers are not to be trusted.
    const sender = this.#sender
    this.#sender = undefined
    void sender?.close()
  }

  /**
   * A signal for each call would cost as much as all else here, and nearly all calls end within milliseconds: only
   * those that do not are asked for theirs.
   */
  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const old = Date.now() - LOOK
      for (const entries of [this.#queue, this.#sent])
        for (const { job } of entries) if (job.begun <= old) job.onAbort(error => this.#giveUp(job, error))
      if (this.#queue.length > 0 || this.#state !== 'idle') this.#watch()
    }, LOOK)
    this.#timer.unref()
  }

  #giveUp(job: Job, error: Error): void {
    for (let entry = job.last; entry; entry = entry.before) {
      const { state } = entry
      if (state === 'waiting') {
        this.#waiting -= entry.bytes
        this.#givenUp++
      }
      if (state !== 'answered') fail(entry, state === 'waiting' ? 'refused' : 'unknown', error)
    }
    // Not for each: where thousands are given up at once, that would take the square of them.
    if (this.#givenUp <= FEW || 2 * this.#givenUp < this.#queue.length) return
    this.#queue = this.#queue.filter(({ state }) => state !== 'answered')
    this.#givenUp = 0
  }
}

function fail(entry: Entry, outcome: Failure['outcome'], error: Error): void {
  entry.answer({ outcome, error })
}

function closed(): MillraceError {
  return new MillraceError('CLOSED', 'kafka: closed')
}

function nameOf(code: number): string | undefined {
  return (protocolErrorsCodesById as Readonly<Record<number, string>>)[code]
}

import { murmur2, Producer, protocolErrorsCodesById } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'
import type { WriteOptions } from 'millrace/adapter'
import type { Failure, Message } from 'millrace'
import type { Cluster } from './cluster.ts'
import { keyBytes, toRecord } from './encode.ts'
import type { OutRecord } from './encode.ts'
import { answer, codeOf, ours } from './errors.ts'
import type { Plan } from './options.ts'

/** One call of write: it ends when each of its messages has its answer. */
interface Job {
  left: number
  readonly failures: Failure[]
  readonly end: () => void
}

/** Where a topic's messages go. */
interface Route {
  /** In the cluster. */
  readonly name: string
  readonly count: number
  readonly at: number
}

interface Entry {
  readonly job: Job
  readonly index: number
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly record: OutRecord
  readonly bytes: number
  /** It goes by itself: the batch that it was in was refused, perhaps for another's sake. */
  alone: boolean
  state: 'waiting' | 'sent' | 'answered'
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

/** Bytes of a record beside key, value and headers, roughly. */
const FRAME = 64
/** All partitions' batches in one request. */
const REQUEST = 8 * 1024 * 1024
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
  #queue: Entry[] = []
  #producer: Producer | undefined
  #sending: Promise<void> | undefined
  #armed = false

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#plan = cluster.plan
  }

  /** See `Driver.write`. */
  async write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    const { signal, expires } = options
    // Only at the first message to a topic, and now and then, is there anything to wait for.
    const route = this.#route(topic) ?? (await this.#look(topic))
    if (signal.aborted) throw signal.reason
    return new Promise(resolve => {
      const job: Job = {
        left: batch.length,
        failures: [],
        end: () => {
          signal.removeEventListener('abort', giveUp)
          resolve(job.failures.sort((a, b) => a.index - b.index))
        },
      }
      const entries: Entry[] = []
      const giveUp = (): void => this.#giveUp(entries, signal.reason as Error)
      signal.addEventListener('abort', giveUp, { once: true })
      const stamp = { time: Date.now(), expires }
      for (let index = 0; index < batch.length; index++) {
        const message = batch[index]! // index < length
        const record = toRecord(message, stamp, this.#plan.wire)
        const partition = this.#partition(route, message)
        entries.push({
          job,
          index,
          id: message.id,
          topic: route.name,
          partition,
          record,
          bytes: size(record),
          alone: false,
          state: 'waiting',
        })
      }
      for (const entry of entries) this.#queue.push(entry)
      this.#arm()
    })
  }

  /** Where a message goes: the topic's name in the cluster, and the partition. */
  async place(topic: string, message: Message): Promise<{ readonly topic: string; readonly partition: number }> {
    const route = this.#route(topic) ?? (await this.#look(topic))
    return { topic: route.name, partition: this.#partition(route, message) }
  }

  /** Sends what waits, then disconnects. At the abort what is not answered is given up. */
  async close(signal: AbortSignal): Promise<void> {
    const cut = new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    while ((this.#queue.length > 0 || this.#sending) && !signal.aborted) {
      this.#flush()
      await Promise.race([this.#sending, cut])
    }
    const closed = new MillraceError('CLOSED', 'kafka: closed')
    for (const entry of this.#queue.splice(0)) fail(entry, 'refused', closed)
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close(true).catch(() => undefined) // nothing is left to lose
  }

  #route(topic: string): Route | undefined {
    const known = this.#routes.get(topic)
    return known !== undefined && Date.now() - known.at < COUNTED ? known : undefined
  }

  async #look(topic: string): Promise<Route> {
    const name = await this.#cluster.ensure(topic)
    const route = { name, count: await this.#cluster.partitions(name, true), at: Date.now() }
    this.#routes.set(topic, route)
    return route
  }

  /** By its key, else where the keyless ones go for now. */
  #partition({ name, count }: Route, message: Message): number {
    const key = keyBytes(message)
    if (key === undefined) return (this.#stuck.get(name) ?? 0) % count
    // As Java does it. The client's own default makes another partition of every second hash, unless their number is a power of two.
    return this.#plan.partitioner ? this.#plan.partitioner(key, count) : (murmur2(key) & 0x7fffffff) % count
  }

  /** After all that is published in this turn of the event loop, or after `linger`. */
  #arm(): void {
    if (this.#armed || this.#sending || this.#queue.length === 0) return
    this.#armed = true
    const go = (): void => {
      this.#armed = false
      this.#flush()
    }
    if (this.#plan.linger === 0) process.nextTick(go)
    else {
      let bytes = 0
      for (const entry of this.#queue) bytes += entry.bytes
      if (bytes >= this.#plan.batchBytes) process.nextTick(go)
      else setTimeout(go, this.#plan.linger)
    }
  }

  #flush(): void {
    if (this.#sending || this.#queue.length === 0) return
    const batch = this.#next()
    if (batch.length === 0) return
    this.#sending = this.#send(batch).finally(() => {
      this.#sending = undefined
      // What came meanwhile has waited long enough.
      if (this.#queue.length > 0) process.nextTick(() => this.#flush())
    })
  }

  /** From the head of the queue, in order, as much as a request takes. */
  #next(): Entry[] {
    const { batchBytes } = this.#plan
    const lanes = new Map<string, number>()
    let taken = 0
    let total = 0
    for (const entry of this.#queue) {
      const lane = `${entry.topic}:${entry.partition}`
      const before = lanes.get(lane) ?? 0
      const full = before > 0 && before + entry.bytes > batchBytes
      if (taken > 0 && (full || total + entry.bytes > REQUEST || entry.alone)) break
      lanes.set(lane, before + entry.bytes)
      total += entry.bytes
      taken++
      if (entry.alone) break
    }
    const batch = this.#queue.splice(0, taken)
    for (const entry of batch) entry.state = 'sent'
    // Keyless messages stick to a partition for a batch: fewer, larger batches.
    for (const { topic, record } of batch)
      if (record.key === undefined) {
        this.#stuck.set(topic, ((this.#stuck.get(topic) ?? 0) + 1) % 0x7fffffff)
        break
      }
    return batch
  }

  async #send(batch: readonly Entry[]): Promise<void> {
    try {
      await this.#open().send({
        messages: batch.map(({ topic, partition, record }) => ({ topic, partition, ...record })) as never,
        // Said here too: only then does the client begin anew with its sequence numbers after a failure.
        idempotent: true,
        compression: this.#plan.compression,
      })
      for (const entry of batch) done(entry)
    } catch (error) {
      this.#sort(batch, error)
    }
  }

  /** Which of a batch that failed are in, which are refused, and which nobody knows of. */
  #sort(batch: readonly Entry[], error: unknown): void {
    const failure = ours(error, 'publish')
    const codes = new Map<string, number>()
    for (const { name, partitionResponses } of answer<ProduceAnswer>(error)?.responses ?? [])
      for (const { index, errorCode } of partitionResponses) codes.set(`${name}:${index}`, errorCode)
    const lanes = new Map<string, number>()
    for (const { topic, partition } of batch) {
      const lane = `${topic}:${partition}`
      lanes.set(lane, (lanes.get(lane) ?? 0) + 1)
    }
    const again: Entry[] = []
    for (const entry of batch) {
      const lane = `${entry.topic}:${entry.partition}`
      const code = codes.get(lane)
      if (code === 0) {
        done(entry)
        continue
      }
      const id = code === undefined ? undefined : nameOf(code)
      const why = id === undefined ? undefined : codeOf(id)
      const refused = why !== undefined || failure.code !== 'DISCONNECTED'
      if (refused && failure.code === 'NO_ROUTE') {
        for (const [topic, { name }] of this.#routes) if (name === entry.topic) this.#routes.delete(topic)
        this.#cluster.forget(entry.topic)
      }
      if (refused && code !== undefined && (lanes.get(lane) ?? 0) > 1 && !entry.alone) {
        entry.alone = true
        if (entry.state === 'sent') again.push(entry)
      } else fail(entry, refused ? 'refused' : 'unknown', failure)
    }
    for (const entry of again) entry.state = 'waiting'
    this.#queue.unshift(...again)
    // After a failure the client's sequence numbers are not to be trusted.
    const producer = this.#producer
    this.#producer = undefined
    void producer?.close(true).catch(() => undefined)
  }

  #open(): Producer {
    this.#producer ??= new Producer({
      ...this.#plan.base,
      idempotent: true,
      retries: true,
      retryDelay: 100,
      compression: this.#plan.compression,
    })
    return this.#producer
  }

  #giveUp(entries: readonly Entry[], error: Error): void {
    const waiting = new Set(entries.filter(({ state }) => state === 'waiting'))
    if (waiting.size > 0) this.#queue = this.#queue.filter(entry => !waiting.has(entry))
    for (const entry of entries)
      if (entry.state !== 'answered') fail(entry, entry.state === 'waiting' ? 'refused' : 'unknown', error)
  }
}

function done(entry: Entry): void {
  if (entry.state === 'answered') return
  entry.state = 'answered'
  if (--entry.job.left === 0) entry.job.end()
}

function fail(entry: Entry, outcome: Failure['outcome'], error: Error): void {
  if (entry.state === 'answered') return
  entry.job.failures.push({ index: entry.index, id: entry.id, outcome, error })
  done(entry)
}

function size({ key, value, headers }: OutRecord): number {
  let bytes = FRAME + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += name.length + text.length + 4
  return bytes
}

function nameOf(code: number): string | undefined {
  return (protocolErrorsCodesById as Readonly<Record<number, string>>)[code]
}

import type { AttachSpec, Driver, Raw, Settlement, Sink, Source, WriteOptions } from '../../src/adapter/driver.ts'
import type { Clock } from '../../src/clock/clock.ts'
import type { Capabilities, Failure, Message } from '../../src/contract.ts'
import { MillraceError } from '../../src/errors.ts'
import { message } from '../../src/message.ts'

const CAPABILITIES: Capabilities = {
  accepts: 'stored',
  subscribes: 'server',
  settles: 'confirmed',
  groups: true,
  broadcast: 'replay',
  ordered: 'topic',
  keyAffinity: false,
  attempts: 'durable',
  nackDelay: { where: 'broker', max: 60_000 },
  publishDelay: false,
  ttl: 'delivery',
  priority: 0,
  replays: true,
  patterns: true,
  leases: false,
  transactions: false,
  maxBytes: 1024,
  dedupes: 0,
  shared: true,
}

export interface Settled {
  readonly text: string
  readonly outcome: Settlement['outcome']
  readonly delay: number
  readonly attempt: number
  readonly why: Settlement['why']
}

/** One attachment, as the test sees it. */
export class ScriptedSource implements Source {
  readonly spec: AttachSpec
  readonly sink: Sink
  credit = 0
  paused = false
  stopped = false
  readonly settled: Settled[] = []
  readonly extended: number[] = []
  /** Leases of these ids are over when they are to be extended. */
  readonly over: Set<string> = new Set()
  /** What the next settle does; default: confirmed at once. */
  onSettle: () => void | Promise<void> = () => undefined
  at: string | undefined

  constructor(spec: AttachSpec, sink: Sink) {
    this.spec = spec
    this.sink = sink
  }

  request(credit: number): void {
    this.credit += credit
  }

  settle(batch: readonly Settlement[]): void | Promise<void> {
    for (const { raw, outcome, delay, attempt, why } of batch) {
      const text = new TextDecoder().decode(raw.message?.payload)
      this.settled.push({ text, outcome, delay, attempt, why })
    }
    return this.onSettle()
  }

  extend(batch: readonly Raw[], lease: number): Promise<readonly Raw[]> {
    this.extended.push(lease)
    return Promise.resolve(batch.filter(raw => this.over.has(raw.message!.id))) // scripted raws have messages
  }

  position(): string | undefined {
    return this.at
  }

  pause(): void {
    this.paused = true
  }

  /** What the next stop does; default: ended at once. */
  onStop: (signal: AbortSignal) => void | Promise<void> = () => undefined

  async stop(signal: AbortSignal): Promise<void> {
    this.stopped = true
    await this.onStop(signal)
  }

  /** Delivers texts as first attempts. Returns the raws. */
  deliver(...texts: string[]): Raw[] {
    const raws = texts.map(text => raw(text))
    this.credit -= raws.length
    this.sink.deliver(raws)
    return raws
  }
}

export function raw(text: string, fields: Partial<Raw> = {}): Raw {
  return { topic: 't', message: message(text, { id: text }), attempt: 1, origin: {}, ...fields }
}

/** A driver that does what the test says, and fails in every way a broker can. */
export class ScriptedDriver implements Driver {
  readonly name = 'scripted'
  readonly capabilities: Capabilities
  readonly clock?: Clock
  readonly sources: ScriptedSource[] = []
  readonly written: { topic: string; texts: string[] }[] = []
  readonly declared: string[] = []
  opened = 0
  closed = 0
  /** Thrown by so many next opens, in order. */
  readonly failOpen: Error[] = []
  readonly failAttach: Error[] = []
  /** Each write's answer, in order; default: accepted. */
  readonly answers: ((
    batch: readonly Message[],
    options: WriteOptions,
  ) => readonly Failure[] | Promise<readonly Failure[]>)[] = []

  constructor(clock: Clock, capabilities: Partial<Capabilities> = {}) {
    this.clock = clock
    this.capabilities = { ...CAPABILITIES, ...capabilities }
  }

  get source(): ScriptedSource {
    return this.sources.at(-1)! // the test subscribed
  }

  open(): Promise<void> {
    this.opened++
    const error = this.failOpen.shift()
    return error ? Promise.reject(error) : Promise.resolve()
  }

  declare(topic: string): Promise<void> {
    this.declared.push(topic)
    return Promise.resolve()
  }

  write(
    topic: string,
    batch: readonly Message[],
    options: WriteOptions,
  ): readonly Failure[] | Promise<readonly Failure[]> {
    const answer = this.answers.shift()
    const result = answer ? answer(batch, options) : Promise.resolve([])
    this.written.push({ topic, texts: batch.map(({ payload }) => new TextDecoder().decode(payload)) })
    return result
  }

  attach(spec: AttachSpec, sink: Sink): Promise<Source> {
    const error = this.failAttach.shift()
    if (error) return Promise.reject(error)
    const source = new ScriptedSource(spec, sink)
    this.sources.push(source)
    return Promise.resolve(source)
  }

  close(): Promise<void> {
    this.closed++
    return Promise.resolve()
  }
}

export function disconnected(): MillraceError {
  return new MillraceError('DISCONNECTED', 'the link is cut')
}

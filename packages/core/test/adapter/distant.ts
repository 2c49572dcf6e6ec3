/**
 * A broker that stands elsewhere, for tests: the memory broker as its server, behind links that take time and can be
 * cut. It shares its topics among its clients, pushes what it has within their credit, and loses nothing when cut.
 */
import type { AttachSpec, Driver, Raw, Settlement, Sink, Source, WriteOptions } from 'millrace/adapter'
import { broker } from 'millrace/adapter'
import type { Broker, Capabilities, Failure, Lag, Message } from 'millrace'
import { message, MillraceError } from 'millrace'
import { MemoryDriver } from '../../src/memory/driver.ts'
import { memoryPlan } from '../../src/memory/options.ts'

/** ms for which the server is away when it restarts. */
const AWAY = 20
const CORRUPT = 'test-corrupt'

/** What is wrong with a server or its client, for showing that the suite notices. */
export type Flaw =
  | 'forgets what it stored when it restarts'
  | 'takes what is unknown for refused'
  | 'takes what is unknown for accepted'
  | 'stays down'
  | 'gives a foreign message another id each time'
  | 'drops what it cannot read'
  | 'tells of a gap that is none'

export class DistantServer {
  readonly memory: MemoryDriver = new MemoryDriver(memoryPlan({}))
  readonly clients: Set<DistantDriver> = new Set()
  readonly flaw: Flaw | undefined
  readonly #changes: Partial<Capabilities>
  up = true

  constructor(changes: Partial<Capabilities> = {}, flaw?: Flaw) {
    this.#changes = changes
    this.flaw = flaw
  }

  /** A new client. */
  connect(): Broker {
    const capabilities = { ...this.memory.capabilities, transactions: false, shared: true, ...this.#changes }
    return broker(new DistantDriver(this, capabilities), { reconnect: { base: 5, max: 50 } })
  }

  async restart(): Promise<void> {
    this.up = false
    for (const client of this.clients) client.cut()
    await new Promise(resolve => setTimeout(resolve, AWAY))
    if (this.flaw === 'forgets what it stored when it restarts')
      for (const topic of this.memory.topicNames) this.memory.clear(topic)
    this.up = this.flaw !== 'stays down'
  }

  async foreign(topic: string, what: 'plain' | 'corrupt'): Promise<void> {
    const one =
      what === 'plain'
        ? message('foreign', { id: `foreign-${topic}` })
        : message('?', { metadata: { [CORRUPT]: 'yes' } })
    await this.memory.write(topic, [one], { signal: new AbortController().signal })
  }
}

class DistantDriver implements Driver {
  readonly name = 'distant'
  readonly capabilities: Capabilities
  readonly server: DistantServer
  readonly sources: Set<DistantSource> = new Set()
  /** Grows with each cut: what began under another is over. */
  epoch = 0

  constructor(server: DistantServer, capabilities: Capabilities) {
    this.server = server
    this.capabilities = Object.freeze(capabilities)
  }

  async open(): Promise<void> {
    await travel()
    if (!this.server.up) throw disconnected()
    this.server.clients.add(this)
  }

  async declare(topic: string, how: { group?: string }): Promise<void> {
    await this.request(() => this.server.memory.declare(topic, how))
  }

  async write(topic: string, batch: readonly Message[], options: WriteOptions): Promise<readonly Failure[]> {
    if (!this.server.clients.has(this)) throw disconnected()
    try {
      return await this.request(async () => this.server.memory.write(topic, batch, options))
    } catch (error) {
      // The request was sent: whether it arrived, nobody can say.
      if (this.server.flaw === 'takes what is unknown for accepted') return []
      if (!(error instanceof MillraceError) || error.code !== 'DISCONNECTED') throw error
      return batch.map(({ id }, index) => ({
        index,
        id,
        outcome: this.server.flaw === 'takes what is unknown for refused' ? 'refused' : 'unknown',
        error,
      }))
    }
  }

  async attach(spec: AttachSpec, sink: Sink): Promise<Source> {
    const source = new DistantSource(this, sink)
    await this.request(async () => source.begin(await this.server.memory.attach(spec, source)))
    this.sources.add(source)
    return source
  }

  lag(topic: string, group: string): Promise<Lag> {
    return this.request(() => this.server.memory.lag(topic, group))
  }

  async close(): Promise<void> {
    this.server.clients.delete(this)
  }

  cut(): void {
    this.epoch++
    this.server.clients.delete(this)
    for (const source of this.sources) source.cut()
    this.sources.clear()
  }

  /** There and back, unless the link is cut on either way. */
  async request<T>(work: () => Promise<T>): Promise<T> {
    const { epoch } = this
    await travel()
    if (epoch !== this.epoch || !this.server.clients.has(this)) throw disconnected()
    const result = await work()
    await travel()
    if (epoch !== this.epoch) throw disconnected()
    return result
  }
}

/** Pushes what the server's consumer has, within the credit. */
class DistantSource implements Source, Sink {
  readonly #driver: DistantDriver
  readonly #sink: Sink
  readonly #hands = new WeakMap<Raw, Raw>()
  #server: Source | undefined
  #credit = 0
  #pumping = false

  constructor(driver: DistantDriver, sink: Sink) {
    this.#driver = driver
    this.#sink = sink
  }

  begin(server: Source): void {
    this.#server = server
  }

  request(credit: number): void {
    this.#credit += credit
    this.#pump()
  }

  settle(batch: readonly Settlement[]): Promise<void> {
    const copies = batch.map(({ raw, outcome, delay, attempt, why }) => {
      return { raw: this.#hands.get(raw) ?? raw, outcome, delay, attempt, why }
    })
    return this.#driver.request(async () => {
      const before = this.#driver.epoch
      await this.#server?.settle(copies)
      if (before === this.#driver.epoch) this.#pump()
    })
  }

  async extend(batch: readonly Raw[], lease: number): Promise<readonly Raw[]> {
    return this.#driver.request(async () => (await this.#server?.extend?.(batch, lease)) ?? [])
  }

  position(): string | undefined {
    return this.#server?.position?.()
  }

  pause(): void {
    this.#credit = 0
    this.#server?.pause()
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#driver.sources.delete(this)
    await this.#server?.stop(signal)
  }

  /** The server forgets this consumer; what it had goes to others, or comes again. */
  cut(): void {
    const server = this.#server
    const error = disconnected()
    this.#credit = 0
    if (this.#driver.server.flaw === 'tells of a gap that is none') this.#sink.gap('there is none')
    this.#sink.down(error)
    void server?.stop(AbortSignal.abort(error))
  }

  ready(): boolean {
    this.#pump()
    return this.#credit > 0
  }

  lost(which: readonly Raw[]): void {
    this.#sink.lost(which)
  }

  deliver(): void {
    throw new Error('the server is pulled')
  }

  gap(why: string): void {
    this.#sink.gap(why)
  }

  down(error: Error): void {
    this.#sink.down(error)
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      const batch: Raw[] = []
      while (this.#credit > 0) {
        const raw = this.#server?.take?.()
        if (!raw) break
        if (this.#dropped(raw)) continue
        this.#credit--
        batch.push(this.#seen(raw))
      }
      if (batch.length > 0) this.#sink.deliver(batch)
    })
  }

  #dropped(raw: Raw): boolean {
    const drops = this.#driver.server.flaw === 'drops what it cannot read' && raw.message?.metadata[CORRUPT]
    if (drops) void this.#server?.settle([{ raw, outcome: 'ack', delay: 0, attempt: 1, why: undefined }])
    return drops !== undefined && drops !== false
  }

  #seen(raw: Raw): Raw {
    const { flaw } = this.#driver.server
    if (flaw === 'gives a foreign message another id each time' && raw.message?.id.startsWith('foreign-'))
      return this.#as(raw, { ...raw, message: { ...raw.message, id: `${raw.message.id}-${raw.attempt}` } })
    if (raw.message?.metadata[CORRUPT] === undefined) return raw
    const { topic, attempt, origin, message: one } = raw
    const error = new MillraceError('UNDECODABLE', 'the test made it unreadable')
    const seen: Raw = { topic, attempt, origin, message: undefined, undecodable: { error, payload: one.payload } }
    return this.#as(raw, seen)
  }

  #as(raw: Raw, seen: Raw): Raw {
    this.#hands.set(seen, raw)
    return seen
  }
}

function travel(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function disconnected(): MillraceError {
  return new MillraceError('DISCONNECTED', 'the link to the server was cut')
}

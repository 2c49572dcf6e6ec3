import type {
  Filter,
  FrameView,
  Host,
  Incoming,
  Packing,
  Outgoing,
  Part,
  Pattern,
  PatternOptions,
  Peer,
  Request,
} from '../../src/pattern/pattern.ts'

type Queued = { is: Request | 'message'; frames: Buffer[] }

/** A peer without a network: what is written to it is in `got`, what it says is put in by `says` and `asks`. */
export class FakePeer implements Peer {
  readonly side: 'bind' | 'connect'
  identity: Buffer
  readonly address: string = '127.0.0.1'
  readonly datagrams?: boolean
  linked = false
  /** How many messages it still takes. */
  room: number = Infinity
  /** Every message written to it, frames joined by '|'. */
  readonly got: string[] = []
  readonly requests: string[] = []
  /** Messages and requests, as they would be sent. */
  readonly out: { is: Request | 'message'; text: string }[] = []
  closed: string | undefined
  readonly #queue: Queued[] = []
  #pattern: Pattern | undefined

  constructor(options: { side?: 'bind' | 'connect'; id?: string; datagrams?: boolean } = {}) {
    this.side = options.side ?? 'bind'
    this.identity = Buffer.from(options.id ?? '')
    if (options.datagrams !== undefined) this.datagrams = options.datagrams
  }

  get writable(): boolean {
    return this.room > 0
  }

  get readable(): boolean {
    return this.#queue.length > 0
  }

  get head(): FrameView {
    const bytes = this.#queue[0]!.frames[0]!
    // Not at the beginning of its memory, as in a slab.
    return { bytes: Buffer.concat([Buffer.from('xx'), bytes]), from: 2, to: 2 + bytes.length }
  }

  write(message: Outgoing, envelope: readonly Uint8Array[] = [], from = 0): boolean {
    if (this.room <= 0) return false
    this.room--
    const parts: readonly Part[] =
      typeof message === 'string' || message instanceof Uint8Array ? [message] : message.slice(from)
    const text = [...envelope, ...parts].map(part => Buffer.from(part as Uint8Array).toString('latin1')).join('|')
    this.got.push(text)
    this.out.push({ is: 'message', text })
    return true
  }

  writeMany(messages: readonly unknown[], from: number): number {
    let at = from
    for (let message = messages[at]; message instanceof Uint8Array && this.write(message); message = messages[at]) at++
    return at - from
  }

  next(): Request | 'message' | undefined {
    return this.#queue[0]?.is
  }

  read(lead?: Buffer): Incoming | undefined {
    const next = this.#queue.shift()
    if (next === undefined) return undefined
    return lead === undefined ? next.frames : [lead, ...next.frames]
  }

  readWanted(filter: Filter): Incoming | undefined {
    const into: Incoming[] = []
    this.readMany(into, 1, filter)
    return into[0]
  }

  readMany(into: Incoming[], max: number, filter?: Filter): void {
    while (into.length < max && this.readable) {
      const { bytes, from, to } = this.head
      const wanted = this.next() === 'message' && (filter === undefined || filter.wants(bytes, from, to))
      const message = this.read()
      if (wanted && message !== undefined) into.push(message)
    }
  }

  readPacked(into: Packing, max: number, filter?: Filter): void {
    while (into.length < max && !into.full && this.readable) {
      const one: Incoming[] = []
      this.readMany(one, 1, filter)
      for (const message of one) into.add(message)
    }
  }

  skip(): void {
    this.#queue.shift()
  }

  inject(message: readonly Uint8Array[]): void {
    this.#put({ is: 'message', frames: message.map(frame => Buffer.from(frame)) })
  }

  request(request: Request, topic: Uint8Array): void {
    const text = Buffer.from(topic).toString('latin1')
    this.requests.push(`${request} ${text}`)
    this.out.push({ is: request, text })
  }

  /** Nothing that was written has left, unless `sent` was called. */
  renew(topics: Iterable<Uint8Array>): boolean {
    const messages = this.out.filter(({ is }) => is === 'message')
    this.out.length = 0
    if (messages.length === 0) return false
    for (const topic of topics) this.request('subscribe', topic)
    this.out.push(...messages)
    return true
  }

  /** Everything that waited has left: what it was, in order. */
  sent(): string[] {
    return this.out.splice(0).map(({ is, text }) => (is === 'message' ? text : `${is} ${text}`))
  }

  /** Connects it: attached, and linked unless told otherwise. */
  join(pattern: Pattern, how: { linked?: boolean; wanted?: string } = {}): this {
    const verdict =
      how.wanted === undefined ? pattern.attach(this) : pattern.attach(this, Buffer.from(how.wanted, 'latin1'))
    if (verdict !== 'accept') {
      this.closed = typeof verdict === 'string' ? verdict : verdict.reason
      return this
    }
    this.#pattern = pattern
    if (how.linked !== false) this.link()
    return this
  }

  link(): this {
    this.linked = true
    this.#pattern?.linked(this)
    return this
  }

  unlink(): this {
    this.linked = false
    this.#pattern?.unlinked(this)
    return this
  }

  leave(): this {
    this.room = 0
    this.#pattern?.detach(this)
    this.linked = false
    return this
  }

  /** It has room again. */
  drain(room: number = Infinity): this {
    this.room = room
    this.#pattern?.writable(this)
    return this
  }

  /** It sends a message. */
  says(...frames: string[]): this {
    this.#put({ is: 'message', frames: frames.map(frame => Buffer.from(frame, 'latin1')) })
    return this
  }

  /** It sends a command. */
  asks(request: Request, topic: string): this {
    this.#put({ is: request, frames: [Buffer.from(topic, 'latin1')] })
    return this
  }

  #put(queued: Queued): void {
    this.#queue.push(queued)
    if (this.#queue.length === 1) this.#pattern?.readable(this)
  }
}

/** A socket around a pattern: options can be changed, closes are carried out at once. */
export class FakeHost implements Host {
  options: { -readonly [K in keyof PatternOptions]: PatternOptions[K] }
  changes = 0
  pattern: Pattern | undefined
  #random = 1000

  constructor(options: Partial<PatternOptions> = {}) {
    this.options = { ...DEFAULTS, ...options }
  }

  spread(message: Outgoing, peers: readonly Peer[], count: number): void {
    for (let i = 0; i < count; i++) peers[i]!.write(message)
  }

  closePeer(peer: Peer, reason: string): void {
    const fake = peer as FakePeer
    fake.closed = reason
    fake.leave()
  }

  changed(): void {
    this.changes++
  }

  random(): number {
    return this.#random++
  }
}

/** What a pattern hands out, frames joined by '|'; undefined when there is nothing. */
export function received(pattern: Pattern): string | undefined {
  const can = pattern.canReceive
  const message = pattern.receive()
  if (can !== (message !== undefined)) throw new Error('canReceive and receive do not agree')
  return message?.map(frame => text(frame)).join('|')
}

/** All that a pattern hands out now. */
export function all(pattern: Pattern): string[] {
  const messages: string[] = []
  for (let next = received(pattern); next !== undefined; next = received(pattern)) messages.push(next)
  return messages
}

function text(frame: unknown): string {
  return Buffer.isBuffer(frame) ? frame.toString('latin1') : JSON.stringify(frame)
}

const DEFAULTS: PatternOptions = {
  routingId: Buffer.alloc(0),
  mandatory: false,
  handover: false,
  routerNotify: 0,
  probeRouter: false,
  correlate: false,
  relaxed: false,
  verbose: null,
  noDrop: false,
  manual: false,
  welcomeMessage: Buffer.alloc(0),
  invertMatching: false,
  onlyFirstSubscribe: false,
  verboseUnsubscribe: false,
  streamNotify: true,
  helloMessage: Buffer.alloc(0),
  disconnectMessage: Buffer.alloc(0),
  hiccupMessage: Buffer.alloc(0),
  maxSubscriptions: 1000,
  maxSubscriptionBytes: 100_000,
}

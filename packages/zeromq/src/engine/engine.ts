import type { Cipher } from '../cipher/cipher.ts'
import type { HandshakeFailure, PeerProperties, ZapRequest, ZapVerdict } from '../mechanism/mechanism.ts'
import type { Queue } from '../pipe/queue.ts'
import type { Slab, SlabPool } from '../pipe/slab.ts'
import { isCommand } from '../wire/command.ts'
import type { Protocol } from '../wire/greeting.ts'
import { encodePing, encodePong, pingTtl } from '../wire/heartbeat.ts'
import { Handshake, type HandshakeOptions, type HandshakeStep } from './handshake.ts'
import { Outlet, type Framing } from './outlet.ts'
import { ReadBuffer } from './read-buffer.ts'
import { Scanner, type Limits } from './scanner.ts'
import { createUnframer, type Unframer } from './unframer.ts'

/** What an engine tells its session. All calls are made from within a method of the engine. */
export interface EngineEvents {
  /** There is something to write. */
  output(): void
  /** Reading may go on, after `filled` or `push` answered false. */
  resumed(): void
  /** ZAP has to be asked; answer with `authenticated(token, …)`, now or later. */
  authenticate(request: ZapRequest, token: number): void
  /** The handshake is over: call `open` before this returns, or `close`. */
  ready(peer: PeerProperties, protocol: Protocol): void
  /** The peer says that it wants to be given up when it is silent for this many milliseconds (above 0). */
  timeToLive(milliseconds: number): void
  /** The handshake or the peer has failed; the connection is to be closed once what `output` announced is written. */
  failed(failure: HandshakeFailure, during: 'handshake' | 'traffic'): void
}

/** What an engine works with. */
export interface EngineOptions {
  /** Undefined: the octets are no ZMTP, each stretch of at most `chunk` octets is a message (STREAM). */
  readonly handshake: HandshakeOptions | undefined
  readonly chunk: number
  readonly limits: Limits
  readonly slabs: SlabPool
  /** Runs a step of the handshake later, where it costs so much that many at once would hold up everybody else. */
  readonly later?: (step: () => void) => void
  /** Memory that every connection of the context reads into while it is quiet. */
  readonly scratch: Uint8Array
}

type State =
  | { readonly is: 'handshake'; readonly handshake: Handshake }
  | {
      readonly is: 'open'
      readonly scanner: Scanner
      readonly unframer: Unframer | undefined
      readonly commands: boolean
      readonly queue: Queue
    }
  | { readonly is: 'raw' }
  | { readonly is: 'closed' }

/**
 * ZMTP for one connection, without IO: octets in by `space` and `filled` (or `push`), octets out by `outlet`.
 * Speaks 3.1, 3.0, 2.0 and 1.0.
 */
export class Engine {
  readonly outlet: Outlet
  /** How often octets have arrived: any traffic is a sign of life. */
  reads = 0
  /** Octets wait because the queue is at its mark, or for a verdict; `filled` answers false and `resume` goes on. */
  parked = false
  readonly #options: EngineOptions
  readonly #events: EngineEvents
  readonly #read: ReadBuffer
  #state: State
  #token = 0
  #deferring = false
  #wanted = 0
  /** The header of the body that is read directly, where it is one of packed records. */
  #direct: { slab: Slab; at: number; from: number; flags: number } | undefined
  #protocol: Protocol = '3.1'
  #cipher: Cipher | undefined

  constructor(options: EngineOptions, events: EngineEvents) {
    this.#options = options
    this.#events = events
    this.outlet = new Outlet(options.slabs)
    this.#read = new ReadBuffer(options.slabs, options.scratch)
    this.#state =
      options.handshake === undefined
        ? { is: 'raw' }
        : { is: 'handshake', handshake: new Handshake(options.handshake, octets => this.outlet.raw(octets)) }
  }

  /** To be called once the link is there: without a handshake the connection is ready at once. */
  begin(): void {
    if (this.#state.is === 'raw') this.#events.ready(NOBODY, '3.1')
  }

  get isOpen(): boolean {
    return this.#state.is === 'open'
  }

  /** Where the next octets are to be read to. */
  space(): Uint8Array {
    return this.#read.space(this.#wanted, this.parked)
  }

  /** `size` octets were read into `space()`. False: read no more until `resume` has answered true. */
  filled(size: number): boolean {
    this.reads++
    if (this.#read.body !== undefined) {
      const body = this.#read.filledBody(size)
      if (body === undefined) return true
      this.#completeBody(body)
    } else {
      this.#read.filled(size)
    }
    return this.#work()
  }

  /** Takes octets that lie elsewhere; answers as `filled` does. */
  push(chunk: Uint8Array): boolean {
    this.reads++
    this.#options.slabs.bodies.count(chunk.length)
    let from = 0
    while (this.#read.body !== undefined && from < chunk.length) {
      const space = this.#read.space(0)
      const size = Math.min(space.length, chunk.length - from)
      space.set(chunk.subarray(from, from + size))
      from += size
      const body = this.#read.filledBody(size)
      if (body !== undefined) this.#completeBody(body)
    }
    if (from < chunk.length) this.#read.push(from === 0 ? chunk : chunk.subarray(from))
    return this.#work()
  }

  /** Goes on after the queue was read from. True: reading may go on. */
  resume(): boolean {
    // The link may have asked for its next space already, so that no body may begin in another place now.
    this.#deferring = true
    const more = this.#work()
    this.#deferring = false
    return more
  }

  /** Begins traffic, from within `ready`. `commands`: whether subscriptions by command are queued. */
  open(queues: { in: Queue; out: Queue }, commands: boolean): void {
    const scanner = new Scanner(queues.in, this.#options.limits, (slab, at, from, to) =>
      this.#command(slab, at, from, to),
    )
    const protocol = this.#protocol
    const cipher = this.#cipher
    const framing: Framing =
      this.#state.is === 'raw'
        ? 'raw'
        : cipher !== undefined
          ? 'sealed'
          : protocol === '3.1'
            ? 'plain'
            : protocol.startsWith('1')
              ? 'one'
              : 'messages-only'
    const unframer = createUnframer(framing, cipher, this.#options)
    this.outlet.open(queues.out, framing, cipher)
    this.#state = { is: 'open', scanner, unframer, commands, queue: queues.in }
  }

  /** The answer to `authenticate`; ignored when it comes too late. */
  authenticated(token: number, verdict: ZapVerdict): void {
    if (token !== this.#token || this.#state.is !== 'handshake') return
    this.#token++
    const handshake = this.#state.handshake
    handshake.mechanism?.authenticated(verdict)
    this.parked = false
    this.#deferring = true
    this.#proceed(handshake.proceed())
    this.#work()
    this.#deferring = false
    this.#events.output()
    if (this.#reads) this.#events.resumed()
  }

  /** Sends a PING with our own time to live in milliseconds. Peers before ZMTP 3 know none: false. */
  ping(ttl: number): boolean {
    if (
      this.#state.is !== 'open' ||
      this.#options.handshake === undefined ||
      this.#protocol.startsWith('1') ||
      this.#protocol === '2.0'
    )
      return false
    this.outlet.command(encodePing(ttl))
    this.#events.output()
    return true
  }

  /** Gives all memory back and forgets all secrets. */
  close(): void {
    const state = this.#state
    this.#state = { is: 'closed' }
    if (state.is === 'handshake') state.handshake.mechanism?.wipe()
    if (state.is === 'open') {
      state.scanner.close()
      state.unframer?.close()
    }
    this.#cipher?.wipe()
    this.#direct?.slab.release()
    this.#direct = undefined
    this.#read.close()
    this.outlet.close()
  }

  #work(): boolean {
    if (this.#state.is === 'handshake') {
      const { later } = this.#options
      if (later === undefined) this.#shake()
      else if (!this.parked) {
        this.parked = true
        later(() => this.#shakeNow())
      }
    }
    if (this.#state.is === 'open') {
      if (this.#state.unframer === undefined) this.#scan()
      else this.#unframe(this.#state.unframer)
    }
    return this.#reads
  }

  get #reads(): boolean {
    return !this.parked && this.#state.is !== 'closed'
  }

  #shakeNow(): void {
    if (this.#state.is !== 'handshake') return
    this.parked = false
    this.#deferring = true
    this.#shake()
    this.#deferring = false
    if (this.#reads) this.#events.resumed()
  }

  #shake(): void {
    const read = this.#read
    if (this.#state.is !== 'handshake' || this.parked || read.slab === undefined) return
    const handshake = this.#state.handshake
    const step = handshake.read(read.slab.bytes, read.at, read.end)
    read.at += handshake.used
    this.#proceed(step)
    if (!this.outlet.empty) this.#events.output()
  }

  #proceed(step: HandshakeStep): void {
    switch (step.is) {
      case 'waiting':
        this.#wanted = 0
        return
      case 'authenticating':
        this.parked = true
        this.#events.authenticate(step.request, this.#token)
        return
      case 'failed':
        this.#fail(step.failure)
        return
      case 'done': {
        this.#protocol = step.protocol
        const state = step.mechanism?.state
        this.#cipher = state?.is === 'done' ? state.cipher : undefined
        this.#events.ready(step.peer, step.protocol)
        this.#work()
      }
    }
  }

  #scan(): void {
    const state = this.#state
    if (state.is !== 'open') return
    const read = this.#read
    let scanned = state.scanner.scan(read)
    while (scanned === 'parked' && hasRoom(state.queue)) scanned = state.scanner.scan(read)
    this.parked = scanned === 'parked'
    if (scanned === 'failed') return this.#failTraffic(state.scanner.failure)
    this.#wanted = state.scanner.wanted
    if (scanned === 'body' && !this.#deferring) {
      const { flags, size, from } = state.scanner.body
      const slab = read.slab! // a header was found in it
      slab.uses++
      this.#direct = { slab, at: read.at, from, flags }
      read.beginBody(from, size)
    }
  }

  #unframe(unframer: Unframer): void {
    const state = this.#state
    for (;;) {
      if (state.is !== 'open' || this.#state !== state) return
      const scanned = state.scanner.scan(unframer.records)
      if (scanned === 'parked' && hasRoom(state.queue)) continue
      this.parked = scanned === 'parked'
      if (scanned === 'failed') return this.#failTraffic(state.scanner.failure)
      if (this.parked) return
      const step = unframer.next(this.#read)
      if (step === 'failed') return this.#failTraffic(unframer.failure)
      if (step === 'body') {
        if (!this.#deferring) this.#read.beginBody(unframer.body.from, unframer.body.size)
        return
      }
      if (step === 'more') {
        this.#wanted = unframer.wanted
        return
      }
    }
  }

  #completeBody(body: Buffer): void {
    const state = this.#state
    if (state.is !== 'open') return
    if (state.unframer !== undefined) {
      state.unframer.complete(body, state.scanner)
      if (state.unframer.failure !== '') this.#failTraffic(state.unframer.failure)
      return
    }
    const direct = this.#direct! // beginBody was called with one
    this.#direct = undefined
    state.scanner.complete(direct.slab, direct.at, direct.from, direct.flags, body)
    direct.slab.release()
    if (state.scanner.failure !== '') this.#failTraffic(state.scanner.failure)
  }

  #command(slab: Slab, at: number, from: number, to: number): void {
    const bytes = slab.bytes
    const state = this.#state
    if (state.is !== 'open') return
    if (isCommand('PING', bytes, from, to)) {
      const ttl = pingTtl(bytes, from, to)
      if (ttl === undefined) return this.#failTraffic('the peer sent a PING that is too short')
      if (ttl > 0) this.#events.timeToLive(ttl)
      // A peer that pings and never reads must not make us keep its answers.
      if (this.outlet.controlSize < 4096) this.outlet.command(encodePong(bytes, from, to))
      this.#events.output()
      return
    }
    if (!state.commands) return
    for (const name of SUBSCRIPTIONS) {
      if (!isCommand(name, bytes, from, to)) continue
      state.queue.append(slab, at, to, 0)
      state.queue.announce()
      return
    }
  }

  #failTraffic(message: string): void {
    this.#fail({ is: 'protocol', error: 'ZMTP_UNSPECIFIED', message })
  }

  #fail(failure: HandshakeFailure): void {
    const during = this.#state.is === 'open' ? 'traffic' : 'handshake'
    if (this.#state.is === 'closed') return
    if (this.#state.is === 'open') this.#state.scanner.close()
    this.#state = { is: 'closed' }
    this.#events.failed(failure, during)
  }
}

const NOBODY: PeerProperties = { socketType: undefined, routingId: new Uint8Array(0), properties: new Map() }

/** Whether a queue that was at its mark has been read from, perhaps while it was being filled. */
function hasRoom(queue: Queue): boolean {
  return queue.length <= queue.mark >> 1
}

const SUBSCRIPTIONS = ['SUBSCRIBE', 'CANCEL', 'JOIN', 'LEAVE'] as const

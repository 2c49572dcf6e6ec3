import { createHash, randomBytes, randomFillSync } from 'node:crypto'
import {
  acceptInput,
  checkAnswer,
  checkRequest,
  encodeAnswer,
  encodeRefusal,
  encodeRequest,
  readHead,
  type HttpHead,
} from '../wire/upgrade.ts'
import { WS_CLOSE, WS_PONG, LONGEST_WS_HEADER, maskOctets, writeWsHeader } from '../wire/websocket.ts'
import { chooseProtocol, impliedGreeting, offeredProtocols, type ZwsProtocol } from '../wire/zws-protocol.ts'
import { ZwsReader } from '../wire/zws-reader.ts'
import { ZwsWriter } from '../wire/zws-writer.ts'
import type { SocketType } from '../wire/socket-type.ts'
import { TransportError } from './transport-error.ts'
import type { Link, Receiver } from './transport.ts'

/** What a WebSocket connection has to know beside its octets. */
export interface WsSide {
  readonly side: 'client' | 'server'
  readonly scheme: 'ws' | 'wss'
  /** For a client the host as the endpoint names it. */
  readonly host: string
  /** The path to ask for; on a server the one to be asked for, and '/' takes any. */
  readonly path: string
  readonly mechanism: 'NULL' | 'PLAIN' | 'CURVE'
  readonly socketType: SocketType
  /** Octets of the largest frame. */
  readonly largestFrame: number
}

type State =
  | { readonly is: 'upgrading'; head: Uint8Array; readonly key: string; readonly held: Uint8Array[] }
  | { readonly is: 'open'; readonly reader: ZwsReader; readonly writer: ZwsWriter }
  | { readonly is: 'closed' }

/**
 * A connection by WebSocket (RFC 45) over another link. The session sees the octets of a ZMTP connection: the upgrade takes the
 * place of the greeting, and is made when the link is started, so that the handshake's own time limit covers it.
 */
export class WsLink implements Link {
  readonly peerAddress: string
  readonly local: string
  readonly remote: string
  readonly #link: Link
  readonly #options: WsSide
  readonly #scratch: Uint8Array
  readonly #masks: (() => Uint8Array) | undefined
  #receiver: Receiver | undefined
  #state: State
  // What the link below has not been given yet, because it is still writing.
  #waiting: Uint8Array[] = []
  #busy = false
  #reported = true
  #paused = false
  #parting = false
  // The peer has said CLOSE, which counts once what came before it has been taken.
  #ending = false
  #room: { octets: Uint8Array } = { octets: new Uint8Array(0) }

  /** `scratch` is memory that every connection of the context reads into. */
  constructor(link: Link, options: WsSide, scratch: Uint8Array) {
    this.#link = link
    this.#options = options
    this.#scratch = scratch
    this.#masks = options.side === 'client' ? maskSource() : undefined
    this.peerAddress = link.peerAddress
    this.local = wsEndpoint(link.local, options)
    this.remote = wsEndpoint(link.remote, options)
    this.#state = { is: 'upgrading', head: new Uint8Array(0), key: randomBytes(16).toString('base64'), held: [] }
  }

  get fd(): number {
    return this.#link.fd
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver
    this.#link.start({
      space: () => this.#scratch,
      filled: size => this.#read(this.#scratch.subarray(0, size)),
      push: chunk => this.#read(chunk),
      written: () => this.#drained(),
      closed: error => {
        this.#state = CLOSED
        this.#receiver?.closed(error)
      },
    })
    const { side, host, path, mechanism } = this.#options
    if (side === 'client' && this.#state.is === 'upgrading') {
      this.#send([
        encodeRequest({ host, path, key: this.#state.key, protocols: offeredProtocols(mechanism).join(',') }),
      ])
    }
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const state = this.#state
    if (state.is === 'closed') return true
    if (state.is === 'upgrading') {
      // No more than the greeting's signature, which the session may use again at once.
      for (const chunk of chunks) state.held.push(new Uint8Array(chunk))
      return true
    }
    const out: Uint8Array[] = []
    for (const chunk of chunks) state.writer.write(chunk, out)
    if (out.length === 0) return true
    const done = this.#send(out)
    this.#reported = done
    return done
  }

  resume(): void {
    this.#paused = false
    if (this.#ending) this.#ended()
    else this.#link.resume()
  }

  end(): void {
    if (this.#state.is === 'open' && !this.#busy) this.#control(WS_CLOSE, NORMAL_CLOSURE)
    this.#forget()
    this.#link.end()
  }

  destroy(): void {
    this.#forget()
    // What was said last is still on its way.
    if (!this.#parting) this.#link.destroy()
  }

  ref(): void {
    this.#link.ref()
  }

  unref(): void {
    this.#link.unref()
  }

  #read(chunk: Uint8Array): boolean {
    const state = this.#state
    switch (state.is) {
      case 'upgrading':
        this.#upgrade(state, chunk)
        return !this.#paused
      case 'open':
        this.#pass(state.reader, chunk)
        return !this.#paused
      case 'closed':
        return true
    }
  }

  #upgrade(state: State & { is: 'upgrading' }, chunk: Uint8Array): void {
    const octets = state.head.length === 0 ? chunk : joined(state.head, chunk)
    const result = readHead(octets, 0, octets.length)
    if (result.is === 'waiting') {
      state.head = new Uint8Array(octets)
      return
    }
    if (result.is === 'failed') return this.#fail(`the peer sent ${result.message}`)
    const protocol = this.#options.side === 'client' ? this.#answered(state, result.head) : this.#asked(result.head)
    if (protocol === undefined) return
    const greeting = impliedGreeting(protocol, this.#options.socketType)
    const reader = new ZwsReader(
      { ping: payload => this.#control(WS_PONG, payload), close: () => (this.#ending = true) },
      { masked: this.#options.side === 'server', largest: this.#options.largestFrame },
    )
    const writer = new ZwsWriter({ greeting: greeting.length, mask: this.#masks })
    this.#state = { is: 'open', reader, writer }
    if (state.held.length > 0) this.write(state.held)
    this.#give(greeting)
    if (octets.length > result.head.size) this.#pass(reader, new Uint8Array(octets.subarray(result.head.size)))
  }

  // The client's side: what the server has chosen.
  #answered(state: State & { is: 'upgrading' }, head: HttpHead): ZwsProtocol | undefined {
    const answer = checkAnswer(head, acceptKey(state.key))
    if ('message' in answer) {
      this.#fail(answer.message)
      return undefined
    }
    const protocol = chooseProtocol([answer.protocol], this.#options.mechanism)
    if (protocol === undefined)
      this.#fail(`the server speaks ${JSON.stringify(answer.protocol)}, which was not offered`)
    return protocol
  }

  // The server's side: what the client wants.
  #asked(head: HttpHead): ZwsProtocol | undefined {
    const request = checkRequest(head)
    if ('status' in request) return this.#refuse(request.status)
    const { path, mechanism } = this.#options
    if (path !== '/' && request.path !== path) return this.#refuse('404 Not Found')
    const protocol = chooseProtocol(request.protocols, mechanism)
    if (protocol === undefined) return this.#refuse('400 Bad Request')
    this.#send([encodeAnswer({ accept: acceptKey(request.key), protocol })])
    return protocol
  }

  #refuse(status: string): undefined {
    this.#part(encodeRefusal(status))
    this.#close(new TransportError('EPROTO', `a WebSocket request was refused with ${status}`))
    return undefined
  }

  #pass(reader: ZwsReader, chunk: Uint8Array): void {
    const room = this.#room
    const size = ZwsReader.room(chunk.length)
    if (room.octets.length < size) room.octets = new Uint8Array(size)
    const written = reader.read(chunk, room)
    if (written > 0) this.#give(room.octets.subarray(0, written))
    // A quiet connection keeps no memory.
    if (room.octets.length > QUIET) this.#room = { octets: new Uint8Array(0) }
    if (reader.fault !== '') this.#fail(reader.fault)
    else if (this.#ending && !this.#paused) this.#ended()
  }

  #give(octets: Uint8Array): void {
    if (this.#receiver?.push(octets) === false) this.#paused = true
  }

  // A control frame goes between the frames of messages: what was written before it is whole.
  #control(opcode: number, payload: Uint8Array): void {
    // A peer that pings and never reads must not make us keep its answers.
    if (this.#waiting.length > MOST_WAITING) return
    this.#send([this.#frame(opcode, payload)])
  }

  #frame(opcode: number, payload: Uint8Array): Uint8Array {
    const frame = new Uint8Array(LONGEST_WS_HEADER + payload.length)
    const mask = this.#masks?.()
    const at = writeWsHeader(frame, 0, opcode, payload.length, mask)
    frame.set(payload, at)
    if (mask !== undefined) maskOctets(frame, at, at + payload.length, mask, 0)
    return frame.subarray(0, at + payload.length)
  }

  // The last thing that is said, whatever the session does with this link afterwards.
  #part(last: Uint8Array): void {
    this.#parting = true
    const idle = !this.#busy
    this.#send([last])
    if (idle) this.#link.end()
  }

  // True: the kernel has everything.
  #send(chunks: readonly Uint8Array[]): boolean {
    if (this.#busy) {
      this.#waiting.push(...chunks)
      return false
    }
    const done = this.#link.write(chunks)
    this.#busy = !done
    return done
  }

  #drained(): void {
    this.#busy = false
    if (this.#waiting.length > 0) {
      const chunks = this.#waiting
      this.#waiting = []
      const done = this.#send(chunks)
      if (this.#parting) this.#link.end()
      if (!done) return
    }
    if (this.#reported) return
    this.#reported = true
    this.#receiver?.written()
  }

  // The peer's CLOSE, answered as RFC 6455 §5.5.1 wants it.
  #ended(): void {
    this.#part(this.#frame(WS_CLOSE, NORMAL_CLOSURE))
    this.#close(undefined)
  }

  #fail(message: string): void {
    this.#link.destroy()
    this.#close(new TransportError('EPROTO', message))
  }

  #close(error: TransportError | undefined): void {
    const receiver = this.#receiver
    this.#forget()
    receiver?.closed(error)
  }

  #forget(): void {
    this.#state = CLOSED
    this.#receiver = undefined
    if (!this.#parting) this.#waiting = []
  }
}

const CLOSED: State = { is: 'closed' }
const NORMAL_CLOSURE = Uint8Array.of(1000 >>> 8, 1000 & 0xff)
// Room for translated octets that is kept between reads.
const QUIET = 4096
const MOST_WAITING = 1000

/** The endpoint of a link below as one of ours. */
export function wsEndpoint(endpoint: string, { scheme, path }: { scheme: 'ws' | 'wss'; path: string }): string {
  return endpoint.replace(/^[a-z]+:/, `${scheme}:`) + (path === '/' ? '' : path)
}

function acceptKey(key: string): string {
  return createHash('sha1').update(acceptInput(key)).digest('base64')
}

// Four octets for each message; asking the platform for so few at a time would cost more than the message.
function maskSource(): () => Uint8Array {
  const pool = new Uint8Array(1024)
  let at = pool.length
  return () => {
    if (at === pool.length) {
      randomFillSync(pool)
      at = 0
    }
    at += 4
    return pool.subarray(at - 4, at)
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

import type { Socket } from 'node:dgram'
import {
  decodeGroupDatagram,
  encodeGroupDatagram,
  impliedHandshake,
  LONGEST_DATAGRAM,
  packPair,
  PairReader,
  PONG_FRAME,
} from '../wire/datagram.ts'
import type { Link, Receiver } from './transport.ts'

/** Sends one datagram; `to` is the address that a DGRAM names. `done` is called once, whatever comes of it. */
export type SendDatagram = (datagram: Uint8Array, to: string, done: () => void) => void

/**
 * A link of datagrams. The session sees a ZMTP connection to one peer that stands for everyone: what the peer would have said
 * first is made up here, messages become datagrams one by one, and what comes while nobody reads is lost, as datagrams are.
 */
export class UdpLink implements Link {
  readonly peerAddress = ''
  readonly fd = -1
  readonly local: string
  readonly remote: string
  readonly #socket: Socket
  readonly #type: 'RADIO' | 'DISH' | 'DGRAM'
  readonly #send: SendDatagram
  readonly #pairs: PairReader
  #receiver: Receiver | undefined
  #paused = false
  #sending = 0
  #waiting = false
  #ending = false
  #closed = false

  constructor(socket: Socket, type: 'RADIO' | 'DISH' | 'DGRAM', send: SendDatagram, name: string) {
    this.#socket = socket
    this.#type = type
    this.#send = send
    this.local = this.remote = `udp://${name}`
    this.#pairs = new PairReader({
      pair: (first, second) => this.#transmit(first, second),
      // Nobody out there answers; the one who asks is not to give up a link that cannot break.
      ping: () => queueMicrotask(() => this.#give(PONG_FRAME)),
    })
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver
    const theirs = this.#type === 'RADIO' ? 'DISH' : this.#type === 'DISH' ? 'RADIO' : 'DGRAM'
    // Not within the session's own call.
    queueMicrotask(() => this.#give(impliedHandshake(theirs)))
  }

  /** A datagram came from this address. */
  received(datagram: Uint8Array, from: string): void {
    if (this.#paused || datagram.length > LONGEST_DATAGRAM) return
    if (this.#type === 'DGRAM') return this.#give(packPair(new TextEncoder().encode(from), datagram))
    const parts = this.#type === 'DISH' ? decodeGroupDatagram(datagram) : undefined
    if (parts !== undefined) this.#give(packPair(...parts))
  }

  write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) this.#pairs.write(chunk)
    if (this.#sending < MOST_SENDING) return true
    this.#waiting = true
    return false
  }

  resume(): void {
    this.#paused = false
  }

  end(): void {
    this.#receiver = undefined
    this.#ending = true
    this.#settle()
  }

  destroy(): void {
    this.end()
    this.#close()
  }

  ref(): void {
    if (!this.#closed) this.#socket.ref()
  }

  unref(): void {
    if (!this.#closed) this.#socket.unref()
  }

  #transmit(first: Uint8Array, second: Uint8Array): void {
    if (this.#closed) return
    const dgram = this.#type === 'DGRAM'
    const datagram = dgram ? second : encodeGroupDatagram(first, second)
    if (datagram === undefined) return
    this.#sending++
    this.#send(datagram, dgram ? new TextDecoder('latin1').decode(first) : '', () => {
      this.#sending--
      this.#settle()
    })
  }

  #settle(): void {
    if (this.#waiting && this.#sending < MOST_SENDING / 2) {
      this.#waiting = false
      this.#receiver?.written()
    }
    if (this.#ending && this.#sending === 0) this.#close()
  }

  #give(octets: Uint8Array): void {
    if (this.#receiver?.push(octets) === false) this.#paused = true
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }
}

// Datagrams that the kernel has not taken yet.
const MOST_SENDING = 64

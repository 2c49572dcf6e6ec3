import { getHeapSpaceStatistics } from 'node:v8'
import { markAsUntransferable } from 'node:worker_threads'
import { curveCrypto, curveSuite } from './curve.ts'
import type { CipherChoice } from './cipher/suite.ts'
import { ZmqError } from './errors.ts'
import { Inproc } from './inproc.ts'
import type { CurveCrypto } from './mechanism/curve-keys.ts'
import { Bodies, type Young } from './pipe/bodies.ts'
import { Frames } from './pipe/frames.ts'
import { SlabPool } from './pipe/slab.ts'
import { Scheduler } from './scheduler.ts'
import { ipcTransport } from './transport/ipc.ts'
import { socksTransport } from './transport/socks.ts'
import { tcpTransport } from './transport/tcp.ts'
import { tlsTransport } from './transport/tls.ts'
import type { Transport } from './transport/transport.ts'
import { udpTransport } from './transport/udp.ts'
import { wsTransport } from './transport/ws.ts'
import { Zap, type ZapLine } from './zap.ts'

/** What a context sees of a socket that is open or still lingers. */
export interface Member {
  /** The context is shut down: what waits and what is asked from now on fails with ETERM; the socket is still to be closed. */
  terminate(): void
}

/** V8 keeps words of 64 bits in registers since version 13, that of Node 24. Bun says a version of V8 and has another engine. */
const LONG_WORDS = Number.parseInt(process.versions.v8) >= 13 && process.versions['bun'] === undefined

/** Octets that all quiet connections of a context read into. */
const SCRATCH = 64 * 1024

/** What the sockets of a context share. */
export class ContextCore {
  readonly scheduler: Scheduler = new Scheduler()
  readonly slabs: SlabPool = new SlabPool(undefined, new Bodies(youngObjects))
  readonly frames: Frames = new Frames(page => markAsUntransferable(page), this.slabs.bodies, {
    words: LONG_WORDS ? 'long' : 'short',
  })
  readonly inproc: Inproc = new Inproc()
  readonly scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH)
  readonly options = {
    ioThreads: 1,
    maxSockets: 1023,
    threadPriority: -1,
    threadSchedulingPolicy: -1,
    maxMessageSize: 0x7fffffff,
    ipv6: false,
    blocky: true,
    zeroCopyReceive: true,
    threadNamePrefix: '',
  }
  readonly zap: Zap
  readonly #members = new Set<Member>()
  readonly #lingering = new Set<object>()
  #state: 'open' | 'shut' = 'open'
  #emptied: (() => void)[] = []
  readonly #transports = new Map<string, Transport>()
  readonly #crypto = new Map<string, CurveCrypto>()

  /** `dial` connects to the ZAP endpoint of this context; undefined where nobody listens there. */
  constructor(dial: (context: ContextCore) => ZapLine | undefined | Promise<ZapLine | undefined>) {
    this.zap = new Zap(() => dial(this))
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Counts a new socket; throws EMFILE above `maxSockets` and ETERM once shut down. */
  admit(member: Member): void {
    if (this.#state !== 'open') throw new ZmqError('ETERM')
    if (this.#members.size + this.#lingering.size >= this.options.maxSockets) throw new ZmqError('EMFILE')
    this.#members.add(member)
  }

  /** A socket was closed and lingers. */
  closing(member: Member): void {
    if (this.#members.delete(member)) this.#lingering.add(member)
  }

  /** A socket has nothing left to do. */
  leave(member: Member): void {
    this.#members.delete(member)
    this.#lingering.delete(member)
    if (this.#members.size + this.#lingering.size > 0) return
    for (const resolve of this.#emptied.splice(0)) resolve()
  }

  /** No socket can be opened any more, and those that are open can only be closed: all else fails with ETERM. */
  shutdown(): void {
    if (this.#state === 'shut') return
    this.#state = 'shut'
    for (const member of this.#members) member.terminate()
  }

  /** Shuts down and resolves when every socket has been closed and has sent what its linger allows. */
  terminate(): Promise<void> {
    this.shutdown()
    if (this.#members.size + this.#lingering.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#emptied.push(resolve))
  }

  /** The transport of a scheme; throws EPROTONOSUPPORT. */
  transport(scheme: string, address: string): Transport {
    let transport = this.#transports.get(scheme)
    if (transport === undefined) {
      const make = TRANSPORTS.get(scheme)
      if (make === undefined) throw new ZmqError('EPROTONOSUPPORT', { address })
      transport = make(this.scratch)
      this.#transports.set(scheme, transport)
    }
    return transport
  }

  crypto(choice: string | null): CurveCrypto {
    const name = choice ?? 'wasm'
    let crypto = this.#crypto.get(name)
    if (crypto === undefined) {
      crypto = curveCrypto(curveSuite(name as CipherChoice))
      this.#crypto.set(name, crypto)
    }
    return crypto
  }
}

const TRANSPORTS: ReadonlyMap<string, (scratch: Uint8Array) => Transport> = new Map([
  ['tcp', scratch => socksTransport(tcpTransport(scratch))],
  ['ipc', ipcTransport],
  ['ws', scratch => wsTransport('ws', socksTransport(tcpTransport(scratch)), scratch)],
  ['udp', udpTransport],
  ['wss', scratch => wsTransport('wss', tlsTransport(), scratch)],
])

/** What V8 has of young objects; undefined where it is another engine, or does not tell. */
function youngObjects(): Young | undefined {
  try {
    const space = getHeapSpaceStatistics().find(one => one.space_name === 'new_space')
    return space === undefined ? undefined : { used: space.space_used_size, available: space.space_available_size }
  } catch {
    return undefined
  }
}

// A peer made of octets: what is on the other end of the wire, written from the RFCs and from nothing else.
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Scene } from './kit.ts'

export interface Frame {
  readonly flags: number
  readonly body: Buffer
}

/** RFC 37 §2.1: signature, version, mechanism, as-server, filler. */
export function greeting(options: { minor?: number; mechanism?: string; server?: boolean } = {}): Buffer {
  const { minor = 1, mechanism = 'NULL', server = false } = options
  const octets = Buffer.alloc(64)
  octets.write('ff00000000000000017f03', 'hex')
  octets[11] = minor
  octets.write(mechanism, 12, 'latin1')
  octets[32] = server ? 1 : 0
  return octets
}

/** A frame with a short header where it fits and a long one where it does not. */
export function frame(flags: number, body: Buffer | string): Buffer {
  const octets = Buffer.from(body)
  if (octets.length < 256) return Buffer.concat([Buffer.from([flags, octets.length]), octets])
  const header = Buffer.alloc(9)
  header[0] = flags | 2
  header.writeBigUInt64BE(BigInt(octets.length), 1)
  return Buffer.concat([header, octets])
}

export function command(name: string, data: Buffer | string = ''): Buffer {
  return frame(4, commandBody(name, data))
}

export function commandBody(name: string, data: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from(data)])
}

export function property(name: string, value: Buffer | string): Buffer {
  const octets = Buffer.from(value)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(octets.length)
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), size, octets])
}

export function ready(socketType: string, routingId: string = ''): Buffer {
  return command('READY', Buffer.concat([property('Socket-Type', socketType), property('Identity', routingId)]))
}

/** Several frames, one message. */
export function message(...parts: (Buffer | string)[]): Buffer {
  return Buffer.concat(parts.map((part, at) => frame(at < parts.length - 1 ? 1 : 0, part)))
}

export class WirePeer {
  readonly closed: Promise<void>
  readonly #socket: Socket
  #held: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
      this.#wake()
    })
    this.closed = new Promise(resolve =>
      socket.once('close', () => {
        this.#ended = true
        this.#wake()
        resolve()
      }),
    )
  }

  static async connect(port: number, scene: Scene): Promise<WirePeer> {
    const socket = connect(port, '127.0.0.1')
    const peer = new WirePeer(socket)
    scene.defer(() => socket.destroy())
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return peer
  }

  write(...octets: readonly (Buffer | string)[]): void {
    this.#socket.write(
      Buffer.concat(octets.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
    )
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Exactly so many octets; throws where the other side ends before. */
  async read(size: number): Promise<Buffer> {
    while (this.#held.length < size) {
      if (this.#ended) throw new Error(`closed after ${this.#held.length} of ${size} octets`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
    const taken = this.#held.subarray(0, size)
    this.#held = this.#held.subarray(size)
    return taken
  }

  async frame(): Promise<Frame> {
    const [flags = 0] = await this.read(1)
    const size = (flags & 2) === 0 ? ((await this.read(1))[0] ?? 0) : Number((await this.read(8)).readBigUInt64BE())
    return { flags, body: Buffer.from(await this.read(size)) }
  }

  /** The next frame that is no PING; PINGs are answered. */
  async data(): Promise<Frame> {
    for (;;) {
      const next = await this.frame()
      if ((next.flags & 4) === 0 || !next.body.subarray(1).toString('latin1').startsWith('PING')) return next
      this.write(command('PONG', next.body.subarray(7)))
    }
  }

  /** Greeting and READY of a NULL peer, both ways. Gives the other side's READY. */
  async handshake(socketType: string, options: { minor?: number; routingId?: string } = {}): Promise<Frame> {
    this.write(greeting(options.minor === undefined ? {} : { minor: options.minor }))
    await this.read(64)
    this.write(ready(socketType, options.routingId))
    return this.frame()
  }
}

/** Accepts connections as raw peers. */
export class WireServer {
  readonly port: number
  readonly #waiting: ((peer: WirePeer) => void)[] = []
  readonly #ready: WirePeer[] = []
  accepted = 0

  private constructor(server: Server) {
    this.port = (server.address() as AddressInfo).port
  }

  static async listen(scene: Scene): Promise<WireServer> {
    const sockets = new Set<Socket>()
    let made: WireServer | undefined
    const server = createServer(socket => {
      sockets.add(socket)
      made?.take(new WirePeer(socket))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    scene.defer(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (made = new WireServer(server))
  }

  get endpoint(): string {
    return `tcp://127.0.0.1:${this.port}`
  }

  next(): Promise<WirePeer> {
    const peer = this.#ready.shift()
    if (peer !== undefined) return Promise.resolve(peer)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  take(peer: WirePeer): void {
    this.accepted++
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#ready.push(peer)
    else waiting(peer)
  }
}

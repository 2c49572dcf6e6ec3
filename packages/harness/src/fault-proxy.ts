import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { HarnessError } from './error.ts'
import { Lane } from './lane.ts'
import type { Weather } from './lane.ts'

/** Which way bytes go: from the client `up` to the server, or from the server `down` to the client. */
export type Direction = 'up' | 'down'

/** A test in plain JavaScript, or one whose word came from a table, may ask for any other. */
const WAYS: ReadonlyMap<string, readonly Direction[]> = new Map([
  ['up', ['up']],
  ['down', ['down']],
  ['both', ['up', 'down']],
])

export interface FaultProxyOptions {
  /** The port of the server on 127.0.0.1. */
  readonly to: number
  /** The port to listen on; a free one unless given. */
  readonly port?: number
}

/**
 * A TCP proxy on 127.0.0.1 that fails on command. Until it is told otherwise it forwards everything at once, ends of streams included.
 * What it is told holds for open connections and for later ones.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #to: number
  readonly #links = new Set<Link>()
  readonly #weather: Record<Direction, Weather> = { up: {}, down: {} }
  #refusing = false

  private constructor(server: Server, to: number) {
    this.#server = server
    this.#to = to
    server.on('connection', client => this.#accept(client))
  }

  /** Starts a proxy, and resolves when it listens. Rejects where the port is taken. */
  static async start({ to, port = 0 }: FaultProxyOptions): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, host: '127.0.0.1' }, resolve)
    })
    return new FaultProxy(server, to)
  }

  /** The port that clients connect to. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#links.size
  }

  /** That address with the port of this proxy. */
  through(url: string): string {
    return url.replace(/:\d+(?=$|[/?,])/, `:${this.port}`)
  }

  /** Sets what happens to bytes from now on, in one direction or both; what is under way arrives first. `{}` is good weather. @throws BAD_OPTION */
  weather(weather: Weather, direction: Direction | 'both' = 'both'): void {
    const ways = WAYS.get(direction)
    if (!ways) throw new HarnessError('BAD_OPTION', `bytes go up, down or both, not '${String(direction)}'`)
    for (const way of ways) {
      this.#weather[way] = weather
      for (const link of this.#links) link.weather(way, weather)
    }
  }

  /** Stops forwarding and keeps all sockets open, as a pulled cable does. New connections are accepted and hear nothing. @throws BAD_OPTION */
  silence(direction: Direction | 'both' = 'both'): void {
    this.weather({ silent: true }, direction)
  }

  /** Ends all connections now: by FIN after what was forwarded, or by RST. Later ones are served. */
  cut(how: 'fin' | 'reset' = 'fin'): void {
    for (const link of this.#links) link.end(how)
  }

  /** Ends all connections by RST, and every later one at once, until `heal`. */
  refuse(): void {
    this.#refusing = true
    this.cut('reset')
  }

  /** Good weather for all, and no refusals. What was held back in silence is forwarded. */
  heal(): void {
    this.#refusing = false
    this.weather({})
  }

  /** Ends all connections and stops listening. Resolves when both ends of each are gone, whatever the clients do. */
  async close(): Promise<void> {
    const ended = [...this.#links].map(link => new Promise<void>(resolve => link.whenEnded(resolve)))
    this.cut('reset')
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
    await Promise.all(ended)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.on('error', () => undefined)
      client.resetAndDestroy()
      return
    }
    const link = new Link(client, connect({ port: this.#to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }))
    link.weather('up', this.#weather.up)
    link.weather('down', this.#weather.down)
    this.#links.add(link)
    link.whenEnded(() => this.#links.delete(link))
  }
}

/** One client's connection, and the one to the server that belongs to it. */
class Link {
  readonly #lanes: Readonly<Record<Direction, Lane>>
  readonly #client: Socket
  readonly #server: Socket
  readonly #listeners: (() => void)[] = []

  constructor(client: Socket, server: Socket) {
    this.#client = client
    this.#server = server
    this.#lanes = { up: new Lane(client, server), down: new Lane(server, client) }
    for (const socket of [client, server]) {
      // One side's failure is the other's, unless nothing gets through: then the other does not hear of it.
      socket.on('error', () => this.#failed(socket))
      socket.on('close', () => this.#closed())
    }
  }

  whenEnded(listener: () => void): void {
    this.#listeners.push(listener)
  }

  weather(way: Direction, weather: Weather): void {
    const wasSilent = this.#lanes[way].weather.silent
    this.#lanes[way].weather = weather
    // One side went while nothing got through; the other hears of it now, as it would from a machine that no longer knows the connection.
    if (wasSilent && !weather.silent && this.#client.destroyed !== this.#server.destroyed) this.end('reset')
  }

  end(how: 'fin' | 'reset'): void {
    this.#closeLanes()
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroySoon()
    }
  }

  #failed(socket: Socket): void {
    const lane = this.#lanes[socket === this.#client ? 'up' : 'down']
    if (!lane.weather.silent) this.end('reset')
  }

  #closed(): void {
    if (!this.#client.destroyed || !this.#server.destroyed) return
    this.#closeLanes()
    for (const listener of this.#listeners) listener()
  }

  #closeLanes(): void {
    this.#lanes.up.close()
    this.#lanes.down.close()
  }
}

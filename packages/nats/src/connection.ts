import { connect } from '@nats-io/transport-node'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { MillraceError, orAborted } from 'millrace/adapter'
import { address } from './address.ts'
import { ours } from './errors.ts'

/** How to reach the server. */
export interface NatsConnectionOptions {
  /** `nats://user:password@host:4222`, or several joined by commas; `jetstream:` and `tls:` are taken as well. */
  readonly url?: string
  /** A connection of your own; it is left open. */
  readonly client?: NatsConnection
  /** For the client: credentials, TLS, names. Reconnection is core's. */
  readonly connect?: Omit<NodeConnectionOptions, 'servers' | 'reconnect'>
}

/** ms that a server has to answer at a close: a dead link would be found out after minutes. */
export const LAST_WORDS = 5_000

/** A link that answers to no ping within one to two of these, in ms, is broken; the client's own would take minutes. */
const PINGS = { pingInterval: 20_000, maxPingOut: 1 } as const

/** One connection at a time, with those who want to know of its end. */
export class Connection {
  readonly #options: NatsConnectionOptions
  readonly #address: NodeConnectionOptions
  readonly #listeners = new Set<(error: Error) => void>()
  readonly #flushes = new Set<(error: Error) => void>()
  #client: NatsConnection | undefined
  /** It was closed, perhaps while it connected. */
  #over = false

  constructor(options: NatsConnectionOptions) {
    this.#options = options
    if ((options.url === undefined) === (options.client === undefined))
      throw new MillraceError('BAD_OPTION', 'nats: give either a url or a client')
    this.#address = options.url === undefined ? {} : address(options.url)
  }

  /** The connection, while there is one. */
  get up(): NatsConnection | undefined {
    return this.#client
  }

  /** @throws DISCONNECTED while there is none */
  get client(): NatsConnection {
    if (!this.#client) throw new MillraceError('DISCONNECTED', 'nats: there is no connection')
    return this.#client
  }

  async open(): Promise<NatsConnection> {
    if (this.#client && !this.#client.isClosed()) return this.#client
    const { client, connect: own } = this.#options
    // `tls:` asks for TLS; with what certificates the caller may say beside it.
    const tls = this.#address.tls && { tls: { ...own?.tls } }
    try {
      const made = client ?? (await connect({ ...PINGS, ...own, ...this.#address, ...tls, reconnect: false }))
      if (made.isClosed()) throw new MillraceError('CLOSED', 'nats: the client that was passed in is closed')
      if (this.#over) {
        if (!client) await made.close()
        throw new MillraceError('CLOSED', 'nats: closed')
      }
      this.#client = made
      void made.closed().then(error => {
        if (this.#client === made) this.#client = undefined
        const why = new MillraceError('DISCONNECTED', 'nats: the connection is closed', error ? { cause: error } : {})
        for (const listener of this.#listeners) listener(why)
        for (const giveUp of this.#flushes) giveUp(why)
      })
      return made
    } catch (error) {
      throw ours(error, 'connect')
    }
  }

  /**
   * Resolves when the server has answered to everything sent so far. The client's own flush never ends where the link
   * breaks meanwhile. @throws DISCONNECTED; TIMEOUT after `within` ms, where that is given
   */
  flush(nc: NatsConnection, within?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const over = (): boolean => {
        clearTimeout(timer)
        return this.#flushes.delete(giveUp)
      }
      const giveUp = (error: Error): void => {
        if (over()) reject(error)
      }
      this.#flushes.add(giveUp)
      if (within !== undefined)
        timer = setTimeout(() => giveUp(new MillraceError('TIMEOUT', `nats: silent for ${within} ms`)), within)
      nc.flush().then(() => over() && resolve(), giveUp)
    })
  }

  /** Tells when the connection ends. */
  onClosed(listener: (error: Error) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** At the abort nothing is waited for any more. */
  async close(signal: AbortSignal): Promise<void> {
    this.#over = true
    this.#listeners.clear()
    const client = this.#client
    this.#client = undefined
    if (!client || client.isClosed()) return
    if (this.#options.client) await this.#said(client, signal)
    else await this.#drained(client, signal)
  }

  /** Lets its subscriptions end and what is to be sent be sent. The client's own drain ends no sooner than its flush. */
  async #drained(client: NatsConnection, signal: AbortSignal): Promise<void> {
    client.drain().catch(() => undefined)
    await this.#said(client, signal)
    await client.close()
  }

  async #said(client: NatsConnection, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await orAborted(this.flush(client, LAST_WORDS), signal, 'close').catch(() => undefined) // the link is silent
  }
}

/** What the caller has the client's inboxes begin with, for the sake of permissions; the client keeps it for its own use. */
export function inboxPrefix(nc: NatsConnection): string | undefined {
  return (nc as { readonly options?: { readonly inboxPrefix?: string } }).options?.inboxPrefix
}

import { connect } from 'amqplib'
import type { Channel, ChannelModel, ConfirmChannel, SocketOptions } from 'amqplib'
import { aborted, MillraceError } from 'millrace/adapter'
import { ours } from './errors.ts'
import { goodbye } from './patience.ts'

/** How to reach the server. */
export interface RabbitConnectionOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps:`. The client's `heartbeat` (s), `channelMax`, `frameMax` go in the query. */
  readonly url?: string
  /** A connection of your own, of amqplib's; it is left open. Without `recovery`: reconnection is core's. */
  readonly client?: ChannelModel
  /** For the socket: `ca`, `cert`, `key`, `servername`, `timeout`, `credentials`… */
  readonly connect?: SocketOptions
}

/** Seconds after which a silent link counts as broken: twice this. */
const HEARTBEAT = 10
const HANDSHAKE = 10_000

/** One connection at a time, with those who want to know of its end, and the server's word that it takes nothing for now. */
export class Connection {
  readonly #options: RabbitConnectionOptions
  readonly #url: string | undefined
  readonly #listeners = new Set<(error: Error) => void>()
  #client: ChannelModel | undefined
  #blocked: { readonly until: Promise<void>; readonly free: () => void } | undefined

  /** `url` is the options' without what is not the client's. */
  constructor(options: RabbitConnectionOptions, url: string | undefined) {
    if ((options.url === undefined) === (options.client === undefined))
      throw new MillraceError('BAD_OPTION', 'rabbitmq: give either a url or a client')
    this.#options = options
    this.#url = url
  }

  get isOpen(): boolean {
    return this.#client !== undefined
  }

  /** '4.0.5'; '0' where it is not known. */
  get version(): string {
    return this.#client?.connection.serverProperties.version ?? '0'
  }

  /** While the server is short of memory or disk: resolves when it takes messages again, or when the connection ends. */
  get blocked(): Promise<void> | undefined {
    return this.#blocked?.until
  }

  /** Connects if it is not connected. */
  async open(signal: AbortSignal): Promise<void> {
    if (this.#client) return
    if (signal.aborted) throw aborted(signal, 'connect')
    const client = this.#options.client ?? (await this.#connect())
    if (signal.aborted) {
      await this.#leave(client)
      throw aborted(signal, 'connect')
    }
    this.#adopt(client)
  }

  async channel(): Promise<Channel> {
    return this.#need().createChannel()
  }

  async confirmChannel(): Promise<ConfirmChannel> {
    return this.#need().createConfirmChannel()
  }

  /** Tells when the connection ends. Returns the function that stops it. */
  onClosed(listener: (error: Error) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Its listeners are not told. */
  async close(signal: AbortSignal): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#unblock()
    if (client) await this.#leave(client, signal)
  }

  async #connect(): Promise<ChannelModel> {
    try {
      const socket: SocketOptions = { noDelay: true, timeout: HANDSHAKE, ...this.#options.connect }
      return await connect(withHeartbeat(this.#url ?? ''), socket)
    } catch (error) {
      throw ours(error, 'connect')
    }
  }

  #adopt(client: ChannelModel): void {
    this.#client = client
    let reason: Error | undefined
    client.on('error', (error: Error) => (reason = error)) // 'close' follows
    client.on('blocked', () => {
      if (this.#client !== client || this.#blocked) return
      let free = (): void => undefined
      const until = new Promise<void>(resolve => (free = resolve))
      this.#blocked = { until, free }
    })
    client.on('unblocked', () => this.#client === client && this.#unblock())
    client.on('close', (error?: Error) => {
      if (this.#client !== client) return
      this.#client = undefined
      this.#unblock()
      if (reason) destroy(client) // a dead line would keep the socket for a quarter of an hour
      const cause = reason ?? error
      const why = new MillraceError(
        'DISCONNECTED',
        `rabbitmq: the connection is closed${cause ? `: ${cause.message}` : ''}`,
        {
          cause,
        },
      )
      for (const listener of this.#listeners) listener(why)
    })
  }

  #unblock(): void {
    this.#blocked?.free()
    this.#blocked = undefined
  }

  async #leave(client: ChannelModel, signal?: AbortSignal): Promise<void> {
    if (client === this.#options.client) return
    await goodbye(client, signal)
    destroy(client)
  }

  #need(): ChannelModel {
    if (!this.#client) throw new MillraceError('DISCONNECTED', 'rabbitmq: there is no connection')
    return this.#client
  }
}

/** The client offers no way to hang up on a server that does not answer. */
function destroy(client: ChannelModel): void {
  const { stream } = client.connection as unknown as { stream?: { destroy?: () => void } }
  stream?.destroy?.()
}

function withHeartbeat(url: string): string {
  if (/[?&]heartbeat=/.test(url)) return url
  return `${url}${url.includes('?') ? '&' : '?'}heartbeat=${HEARTBEAT}`
}

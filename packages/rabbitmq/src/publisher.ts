import type { ConfirmChannel, Options } from 'amqplib'
import { asError, MillraceError } from 'millrace/adapter'
import type { Route } from './topology.ts'
import { idIn } from './encode.ts'

/** Called once for each message: without an error the server has it. */
export type Confirmed = (error: Error | undefined) => void

/**
 * One confirm channel, on which everything is published without waiting. The server sends back what it cannot route
 * before it confirms it; the two are put together here.
 */
export class Publisher {
  readonly #channel: ConfirmChannel
  /** How often a message came back that is not confirmed yet, by exchange, key and id. */
  readonly #returned = new Map<string, number>()
  #full: { readonly until: Promise<void>; readonly free: () => void } | undefined
  #error: Error | undefined
  #closed = false

  constructor(channel: ConfirmChannel) {
    this.#channel = channel
    channel.on('return', ({ fields, properties }) => {
      const who = identity(fields.exchange, fields.routingKey, properties.headers)
      this.#returned.set(who, (this.#returned.get(who) ?? 0) + 1)
    })
    channel.on('drain', () => this.#free())
    channel.on('error', (error: Error) => (this.#error = error))
    channel.on('close', () => {
      this.#closed = true
      this.#free()
    })
  }

  get isOpen(): boolean {
    return !this.#closed
  }

  /** Why the server closed the channel. */
  get error(): Error | undefined {
    return this.#error
  }

  /** While the socket does not keep up: resolves when it has taken what is buffered. */
  get full(): Promise<void> | undefined {
    return this.#full?.until
  }

  /** Sends one. What it throws was not sent. @throws DISCONNECTED */
  send({ exchange, key }: Route, payload: Uint8Array, options: Options.Publish, confirmed: Confirmed): void {
    if (this.#closed) throw new MillraceError('DISCONNECTED', 'rabbitmq: the channel is closed')
    const content = Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
    const room = this.#channel.publish(exchange, key, content, options, (error: unknown) => {
      if (error) confirmed(this.#error ?? asError(error))
      else if (this.#returned.size > 0 && this.#cameBack(identity(exchange, key, options.headers)))
        confirmed(new MillraceError('NO_ROUTE', `rabbitmq: no queue is bound to exchange '${exchange}' for '${key}'`))
      else confirmed(undefined)
    })
    if (!room && !this.#full) {
      let free = (): void => undefined
      const until = new Promise<void>(resolve => (free = resolve))
      this.#full = { until, free }
    }
  }

  #cameBack(who: string): boolean {
    const count = this.#returned.get(who)
    if (count === undefined) return false
    if (count === 1) this.#returned.delete(who)
    else this.#returned.set(who, count - 1)
    return true
  }

  #free(): void {
    this.#full?.free()
    this.#full = undefined
  }
}

function identity(exchange: string, key: string, headers: Record<string, unknown> | undefined): string {
  return `${exchange}\n${key}\n${idIn(headers)}`
}

import type { ConfirmChannel, Options } from 'amqplib'
import { asError, MillraceError } from 'millrace/adapter'
import type { Route } from './topology.ts'
import { idIn } from './encode.ts'
import { FrameWriter } from './frame-writer.ts'
import type { PublishFields } from './frames.ts'

/** Called once for each message: without an error the server has it. */
export type Confirmed = (error: Error | undefined) => void

/** What the client counts confirms by, for what it did not publish itself. */
interface Counts {
  pushConfirmCallback(confirmed: (error: unknown) => void): void
}

/**
 * One confirm channel, on which everything is published without waiting. The server sends back what it cannot route
 * before it confirms it; the two are put together here.
 */
export class Publisher {
  readonly #channel: ConfirmChannel
  readonly #writer: FrameWriter
  /** How often a message came back that is not confirmed yet, by exchange, key and id. */
  readonly #returned = new Map<string, number>()
  /** Published and not confirmed. */
  #open = 0
  #full: { readonly until: Promise<void>; readonly free: () => void } | undefined
  #error: Error | undefined
  #closed = false

  constructor(channel: ConfirmChannel) {
    this.#channel = channel
    this.#writer = new FrameWriter(channel)
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

  /** While the socket does not keep up: resolves when it has taken what is buffered. */
  get full(): Promise<void> | undefined {
    return this.#full?.until
  }

  /** Sends one. What it throws was not sent. @throws DISCONNECTED */
  send(fields: PublishFields, confirmed: Confirmed): void {
    this.#check()
    const { exchange, key, headers } = fields
    const answered = this.#answered(exchange, key, headers, confirmed)
    if (!this.#writer.publish(fields)) {
      const { payload, mandatory, expiration, priority } = fields
      const options = {
        headers: headers as Record<string, string>,
        deliveryMode: 2,
        mandatory,
        ...(expiration !== undefined && { expiration }),
        ...(priority !== undefined && { priority }),
      }
      this.#hand({ exchange, key }, payload, options, answered)
      return
    }
    const counts = this.#channel as unknown as Counts
    counts.pushConfirmCallback(answered)
    this.#open++
    // One by one each is awaited; of many in flight those of one turn go together.
    this.#writer.due(this.#open === 1 ? 'soon' : 'turn')
    if (this.#writer.full) this.#fill(free => this.#writer.onceDrained(free))
  }

  /** The same for a message with whatever properties it came with. @throws DISCONNECTED */
  sendAs({ exchange, key }: Route, payload: Uint8Array, options: Options.Publish, confirmed: Confirmed): void {
    this.#check()
    this.#writer.flush()
    this.#hand({ exchange, key }, payload, options, this.#answered(exchange, key, options.headers, confirmed))
  }

  #check(): void {
    if (this.#closed) throw new MillraceError('DISCONNECTED', 'rabbitmq: the channel is closed')
  }

  /** The client publishes it. */
  #hand(
    { exchange, key }: Route,
    payload: Uint8Array,
    options: Options.Publish,
    answered: (error: unknown) => void,
  ): void {
    const room = this.#channel.publish(exchange, key, bufferOf(payload), options, answered)
    this.#open++
    if (!room) this.#fill(() => undefined) // it says when it has drained
  }

  #answered(
    exchange: string,
    key: string,
    headers: Readonly<Record<string, unknown>> | undefined,
    confirmed: Confirmed,
  ): (error: unknown) => void {
    return error => {
      this.#open--
      if (error) confirmed(this.#error ?? asError(error))
      else if (this.#returned.size > 0 && this.#cameBack(identity(exchange, key, headers)))
        confirmed(new MillraceError('NO_ROUTE', `rabbitmq: no queue is bound to exchange '${exchange}' for '${key}'`))
      else confirmed(undefined)
    }
  }

  #cameBack(who: string): boolean {
    const count = this.#returned.get(who)
    if (count === undefined) return false
    if (count === 1) this.#returned.delete(who)
    else this.#returned.set(who, count - 1)
    return true
  }

  #fill(onDrained: (free: () => void) => void): void {
    if (this.#full) return
    let free = (): void => undefined
    const until = new Promise<void>(resolve => (free = resolve))
    this.#full = { until, free }
    onDrained(() => this.#free())
  }

  #free(): void {
    this.#full?.free()
    this.#full = undefined
  }
}

function bufferOf(payload: Uint8Array): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
}

function identity(exchange: string, key: string, headers: Readonly<Record<string, unknown>> | undefined): string {
  return `${exchange}\n${key}\n${idIn(headers)}`
}

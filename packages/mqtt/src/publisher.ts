import type { IClientPublishOptions, MqttClient } from 'mqtt'
import { MillraceError, Ring } from 'millrace/adapter'
import { onEnd } from './connection.ts'
import { ours } from './errors.ts'

/** One packet that is to be published, and who wants to know what became of it. */
export interface Outgoing {
  readonly topic: string
  readonly payload: Buffer
  readonly options: IClientPublishOptions
  /** Called once. 'sent' tells whether the server may have it. */
  done(error: MillraceError | undefined, sent: boolean): void
}

/** A window's worth when the server names none (MQTT 5 §3.2.2.3.3); packet identifiers end there. */
const MOST = 65_535

/** Publishes over one connection, never more un-acknowledged than the server takes: the client itself does not count. */
export class Publisher {
  readonly #client: MqttClient
  readonly #window: number
  readonly #waiting = new Ring<Outgoing>()
  readonly #sent = new Set<Outgoing>()
  readonly #off: () => void
  #error: MillraceError | undefined

  /** `window`: the server's Receive Maximum. */
  constructor(client: MqttClient, window: number = MOST) {
    this.#client = client
    this.#window = window
    this.#off = onEnd(client, () => this.#fail(new MillraceError('DISCONNECTED', 'mqtt: the connection is closed')))
  }

  get open(): boolean {
    return this.#error === undefined && this.#client.connected
  }

  publish(outgoing: Outgoing): void {
    if (this.#error) outgoing.done(this.#error, false)
    else if (this.#sent.size < this.#window && this.#waiting.size === 0) this.#send(outgoing)
    else this.#waiting.push(outgoing)
  }

  /** Waits no longer for those that were not sent yet. */
  withdraw(which: ReadonlySet<Outgoing>, error: MillraceError): void {
    const kept: Outgoing[] = []
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) kept.push(next)
    for (const one of kept)
      if (which.has(one)) one.done(error, false)
      else this.#waiting.push(one)
  }

  end(): void {
    this.#off()
    this.#fail(new MillraceError('DISCONNECTED', 'mqtt: the connection is closed'))
  }

  #send(outgoing: Outgoing): void {
    this.#sent.add(outgoing)
    this.#client.publish(outgoing.topic, outgoing.payload, outgoing.options, error => {
      if (!this.#sent.delete(outgoing)) return
      outgoing.done(error ? ours(error, 'publish') : undefined, true)
      while (this.#sent.size < this.#window) {
        const next = this.#waiting.shift()
        if (!next) return
        this.#send(next)
      }
    })
  }

  #fail(error: MillraceError): void {
    if (this.#error) return
    this.#error = error
    for (const one of this.#sent) one.done(error, true)
    this.#sent.clear()
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next.done(error, false)
  }
}

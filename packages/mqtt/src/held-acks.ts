import type { IPublishPacket, MqttClient } from 'mqtt'
import { MillraceError } from 'millrace/adapter'

/** A PUBLISH that waits for its acknowledgement. */
export interface Held {
  readonly messageId: number
  readonly qos: 1 | 2
  done: boolean
}

interface Packet {
  readonly cmd: string
  readonly messageId?: number | undefined
  readonly reasonCode?: number | undefined
}

interface Sends {
  _sendPacket(packet: Packet, done?: () => void, ...rest: unknown[]): void
}

/**
 * The client acknowledges when its own callbacks return, and waits with everything else until then. Here it goes on at
 * once, and the acknowledgement (PUBACK, or PUBREC at QoS 2) leaves when `settle` says so, in the order of receipt
 * (MQTT 5 §4.6, [MQTT-4.6.0-2] and [MQTT-4.6.0-3]). It takes the place of a method that the client keeps to itself,
 * which is why the client's version is pinned.
 */
export class HeldAcks {
  readonly #send: Sends['_sendPacket']
  readonly #client: MqttClient
  #held: Held[] = []
  #head = 0

  constructor(client: MqttClient) {
    const inner = client as unknown as Sends
    if (typeof inner._sendPacket !== 'function')
      throw new MillraceError(
        'BAD_OPTION',
        'mqtt: this version of the client is not the one that the adapter was made for',
      )
    this.#client = client
    this.#send = inner._sendPacket.bind(client)
    inner._sendPacket = (packet, done, ...rest) => {
      if (packet.cmd === 'puback' || packet.cmd === 'pubrec') done?.()
      else this.#send(packet, done, ...rest)
    }
  }

  /** A message was received: its acknowledgement waits. */
  hold(packet: IPublishPacket): Held {
    const held: Held = { messageId: packet.messageId ?? 0, qos: packet.qos === 2 ? 2 : 1, done: false }
    this.#held.push(held)
    return held
  }

  /** Acknowledges this one, and those behind it that only waited for it, as soon as all before it are. */
  settle(held: Held): void {
    held.done = true
    while (this.#head < this.#held.length && this.#held[this.#head]?.done) {
      const { messageId, qos } = this.#held[this.#head++]! // below length
      if (this.#client.connected) this.#send({ cmd: qos === 2 ? 'pubrec' : 'puback', messageId, reasonCode: 0 })
    }
    if (this.#head > 1024 || this.#head === this.#held.length) {
      this.#held = this.#held.slice(this.#head)
      this.#head = 0
    }
  }

  /** How many are received and not acknowledged. */
  get size(): number {
    return this.#held.length - this.#head
  }
}

import type { MqttClient } from 'mqtt'
import { MillraceError, Ring } from 'millrace/adapter'
import { PacketWriter } from './packet-writer.ts'
import { ACK_SIZE } from './packets.ts'

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

/** Acknowledgements that wait to be written together at most: the server is to go on sending meanwhile. */
const GATHERED = 32

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
  readonly #writer: PacketWriter
  readonly #held = new Ring<Held>()

  /** `window`: so many messages may come before the first is acknowledged. */
  constructor(client: MqttClient, window = 1) {
    const inner = client as unknown as Sends
    if (typeof inner._sendPacket !== 'function')
      throw new MillraceError(
        'BAD_OPTION',
        'mqtt: this version of the client is not the one that the adapter was made for',
      )
    this.#writer = new PacketWriter(client, { most: ACK_SIZE * Math.max(1, Math.min(GATHERED, window >> 2)) })
    const send = inner._sendPacket.bind(client)
    inner._sendPacket = (packet, done, ...rest) => {
      if (packet.cmd === 'puback' || packet.cmd === 'pubrec') done?.()
      else send(packet, done, ...rest)
    }
  }

  /** A message was received: its acknowledgement waits. */
  hold(packet: Pick<Packet, 'messageId'> & { readonly qos: number }): Held {
    const held: Held = { messageId: packet.messageId ?? 0, qos: packet.qos === 2 ? 2 : 1, done: false }
    this.#held.push(held)
    return held
  }

  /** Acknowledges this one, and those behind it that only waited for it, as soon as all before it are. */
  settle(held: Held): void {
    held.done = true
    let some = false
    for (let first = this.#held.peek(); first?.done; first = this.#held.peek()) {
      this.#held.shift()
      this.#writer.acknowledge(first.qos === 2 ? 'pubrec' : 'puback', first.messageId)
      some = true
    }
    if (some) this.#writer.due('turn')
  }

  /** Resolves when what is settled is written; undefined where it is. Rejects with DISCONNECTED. */
  written(): Promise<void> | undefined {
    return this.#writer.written()
  }

  /** How many are received and not acknowledged. */
  get size(): number {
    return this.#held.size
  }
}

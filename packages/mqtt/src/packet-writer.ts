import type { MqttClient } from 'mqtt'
import { MillraceError, Slab } from 'millrace/adapter'
import type { Due } from 'millrace/adapter'
import { ACK_SIZE, LARGEST_PACKET, measurePublish, writeAck, writePublish } from './packets.ts'
import type { PublishFields } from './packets.ts'

export interface PacketWriterOptions {
  /** Bytes that are gathered at most: the server is to have something to do meanwhile. Default 16 KiB. */
  readonly most?: number
  /** Bytes of the largest packet that the server takes (MQTT 5 §3.2.2.3.6). Default: the protocol's own bound. */
  readonly largest?: number | undefined
}

/** Bytes that wait in the connection before it is full: a client's ping and what may yet be withdrawn are not behind more. */
const BACKLOG = 1024 * 1024
/** Payloads over this are written as they are, not copied. */
const COPIED = 8 * 1024

/**
 * Writes a connection's PUBLISH and acknowledgements, many packets in one piece. The client writes each by itself, in a
 * dozen pieces: most of what a message costs there. In order with what the client writes.
 */
export class PacketWriter {
  readonly #client: MqttClient
  readonly #version: 4 | 5
  readonly #largest: number
  readonly #slab: Slab
  #gathered: PromiseWithResolvers<void> | undefined

  constructor(client: MqttClient, { most = 16 * 1024, largest = LARGEST_PACKET }: PacketWriterOptions = {}) {
    this.#client = client
    this.#slab = new Slab(bytes => this.#write(bytes), most)
    this.#largest = Math.min(largest, LARGEST_PACKET)
    this.#version = client.options.protocolVersion === 5 ? 5 : 4
    client.on('packetsend', () => this.flush())
  }

  /** Whether the connection has so much to write that what can wait is to. */
  get full(): boolean {
    return this.#client.stream.writableLength > BACKLOG
  }

  /** Calls back whenever it has written all after it was full. */
  onDrain(listener: () => void): void {
    this.#client.stream.on('drain', listener)
  }

  /** At QoS 1. False, and nothing is written, where the packet is larger than the server takes. */
  publish(fields: PublishFields, id: number): boolean {
    const version = this.#version
    const size = measurePublish(fields, version)
    const { payload } = fields
    if (size.head + payload.length > this.#largest) return false
    const copied = payload.length <= COPIED
    const slab = this.#slab
    slab.room(copied ? size.head + payload.length : size.head)
    slab.at = writePublish(slab.bytes, slab.at, id, { fields, size, version })
    if (copied) {
      slab.bytes.set(payload, slab.at)
      slab.at += payload.length
      return true
    }
    const { stream } = this.#client
    stream.cork()
    slab.flush()
    if (this.#client.connected) stream.write(payload)
    stream.uncork()
    return true
  }

  /** Of success. */
  acknowledge(cmd: 'puback' | 'pubrec', id: number): void {
    const slab = this.#slab
    slab.room(ACK_SIZE)
    slab.at = writeAck(slab.bytes, slab.at, cmd, id)
  }

  /** Writes what is gathered: 'soon' when the running code has returned, 'turn' at the end of the event loop's turn. */
  due(when: Due): void {
    this.#slab.due(when)
  }

  /** Resolves when what is gathered is written; undefined where nothing is. Rejects with DISCONNECTED. */
  written(): Promise<void> | undefined {
    if (this.#slab.isEmpty) return undefined
    this.#gathered ??= Promise.withResolvers()
    return this.#gathered.promise
  }

  /** Writes what is gathered. */
  flush(): void {
    this.#slab.flush()
  }

  /** What is left when the connection has ended is nobody's. */
  #write(bytes: Buffer): void {
    const gathered = this.#gathered
    this.#gathered = undefined
    if (this.#client.connected) {
      this.#client.stream.write(bytes)
      gathered?.resolve()
    } else gathered?.reject(new MillraceError('DISCONNECTED', 'mqtt: there is no connection'))
  }
}

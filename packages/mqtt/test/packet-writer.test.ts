import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import type { MqttClient } from 'mqtt'
import { parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
import { expect, test, vi } from 'vitest'
import { PacketWriter } from '../src/packet-writer.ts'

/** A client's connection: the chunks that were written to it. */
class Client extends EventEmitter {
  connected = true
  readonly options = { protocolVersion: 5 }
  readonly stream = new PassThrough({ highWaterMark: 64 * 1024 * 1024 })
  readonly chunks: Buffer[] = []

  constructor() {
    super()
    this.stream.write = (chunk: Buffer) => this.chunks.push(chunk) > 0
  }

  get packets(): string[] {
    const own = parser({ protocolVersion: 5 })
    const packets: string[] = []
    own.on('packet', (packet: Packet) => {
      const { topic, payload } = packet as { topic?: string | null; payload?: Buffer | null }
      packets.push(`${packet.cmd} ${packet.messageId} ${topic ?? ''} ${payload?.length ?? ''}`.trim())
    })
    for (const chunk of this.chunks) own.parse(chunk)
    return packets
  }
}

const fields = (topic: string, bytes = 1) => ({ topic, payload: Buffer.alloc(bytes), options: { qos: 1 as const } })
const made = () => {
  const client = new Client()
  return { client, writer: new PacketWriter(client as unknown as MqttClient) }
}
const tick = () => new Promise<void>(resolve => process.nextTick(resolve))
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test('what is soon due leaves when the code has returned, in one piece', async () => {
  const { client, writer } = made()

  writer.publish(fields('a'), 1)
  writer.due('soon')
  writer.publish(fields('b'), 2)
  writer.due('turn')
  expect(client.chunks).toEqual([])
  await tick()

  expect(client.chunks).toHaveLength(1)
  expect(client.packets).toEqual(['publish 1 a 1', 'publish 2 b 1'])
})

test("what is due with the turn leaves at the event loop's next one, or with what is due sooner", async () => {
  const { client, writer } = made()

  writer.acknowledge('puback', 1)
  writer.due('turn')
  await tick()
  expect(client.chunks).toEqual([])
  await turn()
  expect(client.packets).toEqual(['puback 1'])
  writer.acknowledge('puback', 2)
  writer.due('turn')
  writer.acknowledge('pubrec', 3)
  writer.due('soon')
  await tick()

  expect(client.packets).toEqual(['puback 1', 'puback 2', 'pubrec 3'])
})

test('much leaves at once, in order, slab after slab, and large payloads uncopied between', () => {
  const { client, writer } = made()
  const sizes = Array.from({ length: 400 }, (_, i) => [1, 500, 8192, 8193, 100_000][i % 5]!)

  for (const [i, size] of sizes.entries()) {
    writer.publish(fields('topic', size), i + 1)
    writer.due('turn')
  }
  const early = client.chunks.length
  writer.flush()

  expect(early).toBeGreaterThan(100)
  expect(client.packets).toEqual(sizes.map((size, i) => `publish ${i + 1} topic ${size}`))
})

test('what the client writes itself stays behind what was written before it', () => {
  const { client, writer } = made()
  writer.publish(fields('a'), 1)

  client.emit('packetsend', { cmd: 'disconnect' })

  expect(client.packets).toEqual(['publish 1 a 1'])
})

test('nothing is written to a connection that has ended', async () => {
  const { client, writer } = made()
  writer.publish(fields('a'), 1)
  writer.due('soon')
  client.connected = false
  writer.publish(fields('b', 100_000), 2)
  await tick()

  expect(client.chunks).toEqual([])
})

test('it is full while the connection keeps more than 1 MiB to itself, and tells when that is written', async () => {
  const { client, writer } = made()
  const slow: (() => void)[] = []
  const stream = new Writable({ write: (_chunk, _encoding, done) => void slow.push(done) })
  Object.assign(client, { stream })
  const drained = vi.fn<() => void>()
  writer.onDrain(drained)

  writer.publish(fields('a', 1024 * 1024 - 100), 1)
  expect(writer.full).toBe(false)
  writer.publish(fields('b', 9000), 2)
  expect(writer.full).toBe(true)
  while (stream.writableLength > 0) {
    slow.shift()?.()
    await turn()
  }

  expect(writer.full).toBe(false)
  expect(drained).toHaveBeenCalledOnce()
})

test('of a packet that is larger than the server takes nothing is written', () => {
  const client = new Client()
  const writer = new PacketWriter(client as unknown as MqttClient, { largest: 109 })

  // A type, a length, a topic behind its length, an identifier and the length of no properties: 8 bytes.
  expect(writer.publish(fields('a', 101), 1)).toBe(true)
  expect(writer.publish(fields('a', 102), 2)).toBe(false)
  expect(writer.publish(fields('a', 20_000), 3)).toBe(false)
  writer.flush()

  expect(client.packets).toEqual(['publish 1 a 101'])
})

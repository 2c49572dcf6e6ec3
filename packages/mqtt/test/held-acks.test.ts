import { EventEmitter } from 'node:events'
import type { IPublishPacket, MqttClient } from 'mqtt'
import { expect, test } from 'vitest'
import { HeldAcks } from '../src/held-acks.ts'

const NAMES: Readonly<Record<number, string>> = { 0x40: 'puback', 0x50: 'pubrec' }

/** A client that notes what it sends itself, and what is written to its connection. */
class Client extends EventEmitter {
  connected = true
  readonly options = { protocolVersion: 5 }
  readonly sent: string[] = []
  writes = 0
  readonly stream = {
    write: (bytes: Buffer): void => {
      this.writes++
      for (let at = 0; at < bytes.length; at += 4)
        this.sent.push(`${NAMES[bytes[at] ?? 0]} ${bytes.readUInt16BE(at + 2)}`)
    },
  }

  get own(): MqttClient {
    return this as unknown as MqttClient
  }

  _sendPacket(packet: { cmd: string }, done?: () => void): void {
    this.emit('packetsend', packet)
    this.sent.push(packet.cmd)
    done?.()
  }
}

const packet = (messageId: number, qos: 1 | 2 = 1) => ({ cmd: 'publish', messageId, qos }) as IPublishPacket
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test("the client's own acknowledgements are held back, its other packets are not", () => {
  const client = new Client()
  void new HeldAcks(client.own)

  for (const cmd of ['puback', 'pubrec', 'pubcomp', 'pingreq']) client._sendPacket({ cmd })

  expect(client.sent).toEqual(['pubcomp', 'pingreq'])
})

test('acknowledgements leave in the order of receipt, each as soon as all before it are settled', () => {
  const client = new Client()
  const acks = new HeldAcks(client.own)
  const [one, two, three] = [acks.hold(packet(1)), acks.hold(packet(2, 2)), acks.hold(packet(3))] as const

  acks.settle(three)
  acks.settle(two)
  expect(client.sent).toEqual([])
  expect(acks.size).toBe(3)
  acks.settle(one)

  expect(client.sent).toEqual(['puback 1', 'pubrec 2', 'puback 3'])
  expect(acks.size).toBe(0)
})

test('where many are in flight those of one turn leave together, though not more than an eighth of 256', async () => {
  const client = new Client()
  const acks = new HeldAcks(client.own, 256)
  const held = Array.from({ length: 40 }, (_, i) => acks.hold(packet(i + 1)))

  for (const one of held.slice(0, 31)) acks.settle(one)
  expect(client.writes).toBe(0)
  for (const one of held.slice(31)) acks.settle(one)
  expect(client.sent).toHaveLength(32)
  await turn()

  expect(client.sent).toEqual(held.map((_, i) => `puback ${i + 1}`))
  expect(client.writes).toBe(2)
})

test('whoever asks is told when they are written, and when they never will be', async () => {
  const client = new Client()
  const acks = new HeldAcks(client.own, 256)
  acks.settle(acks.hold(packet(1)))

  const written = acks.written()
  expect(client.sent).toEqual([])
  await written
  expect(client.sent).toEqual(['puback 1'])
  expect(acks.written()).toBeUndefined()
  acks.settle(acks.hold(packet(2)))
  client.connected = false

  await expect(acks.written()).rejects.toMatchObject({ code: 'DISCONNECTED' })
})

test('a disconnect leaves after the acknowledgements before it', () => {
  const client = new Client()
  const acks = new HeldAcks(client.own, 256)
  acks.settle(acks.hold(packet(1)))

  client._sendPacket({ cmd: 'disconnect' })

  expect(client.sent).toEqual(['puback 1', 'disconnect'])
})

test('nothing is sent over a connection that is closed', () => {
  const client = new Client()
  const acks = new HeldAcks(client.own)
  const one = acks.hold(packet(1))
  client.connected = false

  acks.settle(one)

  expect(client.sent).toEqual([])
})

test('a client that is made otherwise is refused', () => {
  expect(() => new HeldAcks({} as MqttClient)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

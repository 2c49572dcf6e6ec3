import type { IPublishPacket, MqttClient } from 'mqtt'
import { expect, test } from 'vitest'
import { HeldAcks } from '../src/held-acks.ts'

/** A client that notes what it sends. */
function client(): {
  readonly made: MqttClient
  readonly sent: unknown[]
  connected: boolean
  readonly ack: (cmd: string) => void
} {
  const sent: unknown[] = []
  const made = {
    connected: true,
    _sendPacket: (packet: { cmd: string; messageId?: number }, done?: () => void) => {
      sent.push(packet.messageId === undefined ? packet.cmd : `${packet.cmd} ${packet.messageId}`)
      done?.()
    },
  }
  return {
    made: made as unknown as MqttClient,
    sent,
    get connected() {
      return made.connected
    },
    set connected(is: boolean) {
      made.connected = is
    },
    ack: cmd => made._sendPacket({ cmd, messageId: 99 }),
  }
}

const packet = (messageId: number, qos: 1 | 2 = 1) => ({ cmd: 'publish', messageId, qos }) as IPublishPacket

test("the client's own acknowledgements are held back, its other packets are not", () => {
  const { made, sent, ack } = client()
  void new HeldAcks(made)

  for (const cmd of ['puback', 'pubrec', 'pubcomp', 'pingreq']) ack(cmd)

  expect(sent).toEqual(['pubcomp 99', 'pingreq 99'])
})

test('acknowledgements leave in the order of receipt, each as soon as all before it are settled', () => {
  const { made, sent } = client()
  const acks = new HeldAcks(made)
  const [one, two, three] = [acks.hold(packet(1)), acks.hold(packet(2, 2)), acks.hold(packet(3))] as const

  acks.settle(three)
  acks.settle(two)
  expect(sent).toEqual([])
  expect(acks.size).toBe(3)
  acks.settle(one)

  expect(sent).toEqual(['puback 1', 'pubrec 2', 'puback 3'])
  expect(acks.size).toBe(0)
})

test('nothing is sent over a connection that is closed', () => {
  const fake = client()
  const acks = new HeldAcks(fake.made)
  const one = acks.hold(packet(1))
  fake.connected = false

  acks.settle(one)

  expect(fake.sent).toEqual([])
})

test('a client that is made otherwise is refused', () => {
  expect(() => new HeldAcks({} as MqttClient)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

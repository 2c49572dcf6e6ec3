import { start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { message, text } from 'millrace'
import { newId } from 'millrace/adapter'
import { connectAsync } from 'mqtt'
import type { IPublishPacket, MqttClient } from 'mqtt'
import { afterAll, describe, expect, test } from 'vitest'
import { mqtt } from '../src/index.ts'

const server = await start('mosquitto', { fresh: true })
afterAll(() => server.stop())

const session = (clientId: string): Promise<MqttClient> =>
  connectAsync(server.url, {
    clientId,
    clean: false,
    protocolVersion: 5,
    reconnectPeriod: 0,
    properties: { sessionExpiryInterval: 600 },
  })

/** Publishes until each was accepted, restarting the server twice on the way. */
async function publishThroughRestarts(
  publish: (text: string) => Promise<void>,
  count: number,
  server: RunningServer,
): Promise<void> {
  let at = 0
  let restarting = Promise.resolve()
  const work = async (): Promise<void> => {
    for (let i = at++; i < count; i = at++) {
      if (i === Math.floor(count / 3) || i === Math.floor(count / 2))
        restarting = restarting.then(() => server.restart({ signal: 'SIGTERM' }))
      for (let accepted = false; !accepted;)
        accepted = await publish(String(i)).then(
          () => true,
          () => false,
        )
    }
  }
  await Promise.all(Array.from({ length: 20 }, work))
  await restarting
}

test('Mosquitto itself forgets shared subscriptions when it restarts, not those for one', async () => {
  const name = newId()
  for (const [id, filter] of [
    ['one', `${name}/one`],
    ['shared', `$share/g/${name}/shared`],
  ] as const) {
    const member = await session(`${name}-${id}`)
    await member.subscribeAsync(filter, { qos: 1 })
    await member.endAsync()
  }

  await server.restart({ signal: 'SIGTERM' })

  const client = await session(newId())
  const reasons = new Map<number, number>()
  client.on('packetreceive', packet => {
    if (packet.cmd === 'puback') reasons.set(packet.messageId ?? 0, packet.reasonCode ?? 0)
  })
  const reasonFor = async (topic: string): Promise<number | undefined> => {
    const sent = (await client.publishAsync(topic, 'x', { qos: 1 })) as IPublishPacket
    return reasons.get(sent.messageId ?? 0)
  }
  // Were the second not 16, `rejoin` would have no more reason to be.
  expect([await reasonFor(`${name}/one`), await reasonFor(`${name}/shared`)]).toEqual([0, 16])
  await client.endAsync()
})

describe.each([
  ['5', 1],
  ['5', 2],
  ['3.1.1', 1],
] as const)('MQTT %s at QoS %i', (version, qos) => {
  test('a group at work over two restarts of the server handles everything that was accepted', async () => {
    const count = 600
    const prefix = `test-${newId()}`
    const open = () => mqtt({ url: server.url, prefix, version, qos, reconnect: { base: 20, max: 200 } })
    const [publisher, ...members] = [open(), open(), open()]
    const got = new Set<string>()
    let all: () => void = () => undefined
    const everything = new Promise<void>(resolve => (all = resolve))
    for (const member of members) {
      const subscription = await member.subscribe('t', { group: 'g', prefetch: 20 })
      void subscription.each(async delivery => {
        await new Promise(resolve => setImmediate(resolve))
        if (delivery.ack()) got.add(text(delivery.message))
        if (got.size === count) all()
      })
    }

    await publishThroughRestarts(one => publisher.publish('t', message(one)), count, server)
    await Promise.race([everything, new Promise(resolve => setTimeout(resolve, 20_000).unref())])

    expect(Array.from({ length: count }, (_, i) => String(i)).filter(one => !got.has(one))).toEqual([])
    await Promise.all([publisher, ...members].map(broker => broker.close({ timeout: 0 })))
  })
})

test('where nobody subscribes mandatory is NO_ROUTE, and what is not mandatory is accepted', async () => {
  const open = (mandatory: boolean) => mqtt({ url: server.url, prefix: `test-${newId()}`, mandatory })
  await using strict = open(true)
  await using lax = open(false)

  const publishing = strict.publish('t', message('x'))

  await expect(publishing).rejects.toMatchObject({ failures: [{ outcome: 'refused', error: { code: 'NO_ROUTE' } }] })
  await lax.publish('t', message('x'))
})

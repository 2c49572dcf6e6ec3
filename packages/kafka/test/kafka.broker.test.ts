import { start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { message, text } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kafka } from '../src/index.ts'
import type { KafkaOptions } from '../src/index.ts'

let server: RunningServer
beforeAll(async () => {
  server = await start('kafka', { fresh: true })
})
afterAll(() => server.stop())

const quick = { sessionTimeout: 6_000, heartbeatInterval: 300, refresh: 500 }
function open(options: Partial<KafkaOptions> = {}) {
  return kafka({ url: server.url, ...quick, ...options })
}
let names = 0
const unique = (name: string) => `${name}-${process.pid}-${++names}`

describe.each(['classic', 'consumer'] as const)('groups by the %s protocol', groupProtocol => {
  test('a nacked message comes again, an acked one does not', async () => {
    await using broker = open({ groupProtocol })
    const [topic, group] = [unique('narrow'), unique('g')]

    const subscription = await broker.subscribe(topic, { group, backoff: { base: 1, max: 1 } })
    await broker.publish(topic, [message('a', { key: 'k' }), message('b', { key: 'k' })])
    const first = await subscription.receive()
    first.nack()
    const second = await subscription.receive()
    second.ack()
    const again = await subscription.receive()
    again.ack()
    await subscription.flush()

    expect([first, second, again].map(one => text(one.message))).toEqual(['a', 'b', 'a'])
    expect(again.attempt).toBe(2)
    expect((await broker.lag!(topic, group)).messages).toBe(0)
  })
})

/** Defects found in kincir 0.2.0's memory broker, as behaviours that hold here. The router's are in test/router. */
import { expect, test } from 'vitest'
import { message } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

test('the 10,001st message of a default broker is accepted, and so is the 100,000th', async () => {
  await using broker = memory()
  await using reader = await broker.subscribe('t', { group: 'g' })
  let seen = 0

  const reading = reader.each(() => {
    if (++seen === 100_000) void reader.close()
  })
  for (let i = 0; i < 100_000; i += 100)
    await broker.publish(
      't',
      Array.from({ length: 100 }, () => message('x')),
    )
  await reading

  expect(seen).toBe(100_000)
})

test('and without a reader it is accepted too', async () => {
  await using broker = memory()

  for (let i = 0; i < 10_001; i++) await broker.publish('t', message('x'))

  expect(broker.statistics().published).toBe(10_001)
})

test('a receive that timed out still receives', async () => {
  await using broker = memory()
  await using reader = await broker.subscribe('t', { group: 'g' })

  await expect(reader.receive({ signal: AbortSignal.timeout(1) })).rejects.toMatchObject({ code: 'ABORTED' })
  await broker.publish('t', message('x', { id: 'after' }))

  const delivery = await reader.receive()
  expect(delivery.message.id).toBe('after')
  delivery.ack()
})

test('a nack redelivers, and attempts are counted', async () => {
  await using broker = memory()
  await using reader = await broker.subscribe('t', { group: 'g', backoff: { base: 0, max: 0 } })
  await broker.publish('t', message('x'))

  const attempts: number[] = []
  for (let i = 0; i < 4; i++) {
    const delivery = await reader.receive()
    attempts.push(delivery.attempt)
    if (i < 3) delivery.nack()
    else delivery.ack()
  }

  expect(attempts).toEqual([1, 2, 3, 4])
})

test('a late subscriber replays', async () => {
  await using broker = memory()
  await broker.publish('t', message('x', { id: 'early' }))

  await using late = await broker.subscribe('t', { group: 'late' })

  const delivery = await late.receive()
  expect(delivery.message.id).toBe('early')
  delivery.ack()
})

test('an expired message is never delivered, to nobody', async () => {
  const clock = virtualClock()
  const broker = memory({ clock })
  const grouped = await broker.subscribe('t', { group: 'g' })
  const alone = await broker.subscribe('t')
  await broker.publish('t', message('x'), { ttl: 10 })

  await clock.advance(10)
  const late = await broker.subscribe('t', { from: 'earliest' })

  expect([grouped, alone, late].map(reader => reader.tryReceive())).toEqual([undefined, undefined, undefined])
})

test('a slow subscriber bounds its memory, and slows the publisher instead', async () => {
  const broker = memory({ capacity: { messages: 1000 } })
  const slow = await broker.subscribe('t', { group: 'slow' })
  const publish = Promise.all(
    Array.from({ length: 50 }, () =>
      broker.publish(
        't',
        Array.from({ length: 100 }, () => message('x')),
      ),
    ),
  )

  const peaks: number[] = []
  let seen = 0
  for await (const delivery of slow) {
    peaks.push(broker.statistics().topics['t']?.groups['slow']?.pending ?? 0)
    delivery.ack()
    if (++seen === 5000) break
  }
  await publish
  await broker.close()

  expect(Math.max(...peaks)).toBeLessThanOrEqual(1000)
})

test('errors name the topic that they are about', async () => {
  await using broker = memory({ capacity: { messages: 1 }, whenFull: 'refuse' })
  await broker.declare('orders', { group: 'g' })

  await expect(broker.publish('orders', [message('a'), message('b')])).rejects.toThrow(/'orders'/)
})

test('closing is graceful: work in hand may still be settled', async () => {
  const broker = memory()
  const reader = await broker.subscribe('t', { group: 'g' })
  await broker.publish('t', message('x'))
  const delivery = await reader.receive()

  const closing = broker.close()
  expect(delivery.ack()).toBe(true)

  expect(await closing).toEqual({ released: 0 })
  expect(broker.statistics()).toMatchObject({ acked: 1, inFlight: 0 })
})

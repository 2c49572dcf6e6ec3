import { expect, test } from 'vitest'
import { isMillraceError, message, text } from '../../src/index.ts'
import type { Delivery, SubscriptionEvent } from '../../src/index.ts'
import { faulty, harness } from '../../src/testing/index.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { raw, ScriptedDriver } from '../adapter/scripted-driver.ts'

test('a nacked delivery never reaches the handler and counts as an attempt', async () => {
  await using mill = harness()
  const attempts: number[] = []
  mill.router.handle(
    'h',
    { subscriber: mill.broker, topic: 't' },
    (_, { delivery }) => void attempts.push(delivery.attempt),
  )

  mill.faults.nackNext(2)
  await mill.publish('t', 'x')
  await mill.settled()

  expect(attempts).toEqual([3])
  expect(mill.topic('t').deliveries.map(one => one.outcome)).toEqual(['nacked', 'nacked', 'acked'])
})

test('nacked as often as it may fail, a message is dead-lettered with the error', async () => {
  await using mill = harness()
  mill.router.handle('h', { subscriber: mill.broker, topic: 't', redeliver: { attempts: 2 } }, () => undefined)

  mill.faults.nackNext(2, { error: new Error('cut short'), match: one => text(one) === 'x' })
  await mill.publish('t', ['w', 'x'])
  await mill.settled()

  expect(mill.topic('t').deadLetters).toMatchObject([{ text: 'x', attempts: 2, error: 'Error: cut short' }])
  expect(mill.topic('t').deliveries.filter(one => one.text === 'w')).toMatchObject([{ outcome: 'acked' }])
})

test('in every way of reading a nacked delivery is passed over', async () => {
  await using mill = harness()
  const reader = await mill.broker.subscribe('t', { group: 'g', backoff: () => 1_000 })
  const took: string[] = []

  mill.faults.nackNext()
  await mill.publish('t', ['a', 'b'])
  took.push(text((await reader.receive()).message))
  mill.faults.nackNext()
  await mill.publish('t', ['c', 'd'])
  took.push(text(reader.tryReceive()!.message))
  mill.faults.nackNext()
  await mill.publish('t', ['e', 'f'])
  for await (const delivery of reader) {
    took.push(text(delivery.message))
    break
  }
  mill.faults.nackNext()
  await mill.publish('t', ['g', 'h'])
  for await (const batch of reader.batches({ size: 2 })) {
    took.push(...batch.map(one => text(one.message)))
    break
  }

  expect(took).toEqual(['b', 'd', 'f', 'h'])
})

test('a failed publish of outputs is published again, and the handler is not called again', async () => {
  await using mill = harness()
  let calls = 0
  mill.router.handle('h', { subscriber: mill.broker, topic: 'in', publishTopic: 'out' }, () => {
    calls++
    return [message('a'), message('b')]
  })

  mill.faults.failPublish(1, { topic: 'out', match: one => text(one) === 'b' })
  await mill.publish('in', 'x')
  await mill.settled()

  expect(calls).toBe(1)
  expect(mill.topic('out').published.map(one => one.text)).toEqual(['a', 'b'])
  expect(mill.topic('in').deliveries).toMatchObject([{ attempt: 1, outcome: 'acked' }])
})

test('a publish whose answer is lost may be there twice', async () => {
  await using mill = harness()
  mill.faults.failPublish(1, { outcome: 'unknown', stored: true })
  const one = message('x')

  await expect(mill.broker.publish('t', one)).rejects.toSatisfy(
    (error: Error) => isMillraceError(error, 'PUBLISH_FAILED') && error.failures[0]?.outcome === 'unknown',
  )
  await mill.broker.publish('t', one)

  expect(mill.topic('t').published.map(({ id }) => id)).toEqual([one.id, one.id])
})

test('a duplicate arrives twice, under one id', async () => {
  await using mill = harness()
  const handled: string[] = []
  mill.router.handle('h', { subscriber: mill.broker, topic: 't' }, one => void handled.push(one.id))

  mill.faults.duplicate()
  await mill.publish('t', 'x')
  await mill.settled()

  expect(handled).toHaveLength(2)
  expect(new Set(handled).size).toBe(1)
})

test('a handler with dedupe handles a duplicate once', async () => {
  await using mill = harness()
  let handled = 0
  mill.router.handle('h', { subscriber: mill.broker, topic: 't', dedupe: {} }, () => void handled++)

  mill.faults.duplicate()
  await mill.publish('t', 'x')
  await mill.settled()

  expect(handled).toBe(1)
})

test('a late publish is answered late, and runs into its timeout where that is shorter', async () => {
  await using mill = harness({ start: 0 })
  mill.faults.delayPublish(5_000, 2)

  const slow = mill.broker.publish('t', message('x'))
  const hasty = mill.broker.publish('t', message('y'), { timeout: 1_000 })
  const refused = expect(hasty).rejects.toSatisfy((error: Error) => isMillraceError(error, 'PUBLISH_FAILED'))
  await mill.settled()
  await Promise.all([slow, refused])

  expect(mill.topic('t').published).toMatchObject([{ text: 'x', at: 5_000 }])
})

test('through an outage the handler goes on: what was in hand is lost and comes again', async () => {
  await using mill = harness()
  const attempts: [number, boolean][] = []
  mill.router.handle('h', { subscriber: mill.broker, topic: 't' }, async (_, { delivery, clock }) => {
    await new Promise<void>(resolve => clock.after(1_000, resolve))
    attempts.push([delivery.attempt, delivery.signal.aborted])
  })

  await mill.publish('t', 'x')
  await mill.clock.advance(500)
  mill.faults.disconnect({ for: 60_000 })
  await mill.settled()

  expect(attempts).toEqual([
    [1, true],
    [1, false], // not handled, so not failed
  ])
  expect(mill.topic('t').deliveries.map(one => one.outcome)).toEqual(['lost', 'acked'])
})

test('a publish during an outage waits for the connection', async () => {
  await using mill = harness({ start: 0 })
  mill.faults.disconnect({ for: 3_000 })

  const publish = mill.broker.publish('t', message('x'))
  expect(mill.topic('t').published).toEqual([])
  await mill.clock.advance(20_000)
  await publish

  expect(mill.topic('t').published[0]?.at).toBeGreaterThanOrEqual(3_000)
})

test('a subscription without a group tells of the outage and misses nothing where the broker replays', async () => {
  await using mill = harness()
  const reader = await mill.broker.subscribe('t')
  const events: SubscriptionEvent['event'][] = []
  for (const event of ['down', 'up', 'gap', 'lost'] as const) reader.on(event, () => void events.push(event))

  await mill.publish('t', 'a')
  const first = await reader.receive()
  first.ack()
  await reader.flush()
  mill.faults.disconnect()
  const late = mill.publish('t', 'b')
  await mill.clock.advance(1_000)
  mill.faults.reconnect()
  await mill.clock.advance(60_000)
  await late

  expect(text((await reader.receive()).message)).toBe('b')
  expect(events).toEqual(['down', 'up'])
})

test.each<[string, (delivery: Delivery) => void | Promise<void>]>([
  ['ends', () => undefined],
  ['acks', delivery => void delivery.ack()],
  ['nacks', delivery => expect(delivery.nack()).toBe(false)],
  ['releases', delivery => expect(delivery.release()).toBe(false)],
  ['extends', delivery => expect(delivery.extend()).rejects.toMatchObject({ code: 'LOST' })],
  ['fails', () => { throw new Error('no') }], // prettier-ignore
  ['goes on', () => Promise.resolve()],
])('a connection that is cut within a handler that %s then: its message comes again', async (_, end) => {
  await using mill = harness()
  const reader = await mill.broker.subscribe('t', { group: 'g' })
  await mill.publish('t', ['a', 'b'])
  const seen: string[] = []
  const done = reader.each(delivery => {
    seen.push(text(delivery.message))
    if (seen.length > 1) return undefined
    mill.faults.disconnect()
    return end(delivery)
  })
  await mill.clock.advance(1_000)
  mill.faults.reconnect()
  await mill.clock.advance(60_000)

  expect(seen).toEqual(['a', 'a', 'b'])
  expect(mill.topic('t').deliveries.filter(({ outcome }) => outcome === 'acked')).toHaveLength(2)
  await reader.close()
  await done
})

test('a subscription that was closed during an outage keeps nobody waiting', async () => {
  await using mill = harness()
  const reader = await mill.broker.subscribe('t')
  mill.faults.disconnect()
  await reader.close({ timeout: 0 })
  mill.faults.reconnect()

  await expect(mill.settled()).resolves.toEqual({})
})

test('what was not used is forgotten', async () => {
  await using mill = harness()
  mill.faults.failPublish(3)
  mill.faults.disconnect()

  mill.faults.clear()
  await mill.publish('t', 'x')

  expect(mill.topic('t').published).toHaveLength(1)
})

test('any driver can be made faulty: one that pushes is cut, and attached again', async () => {
  const clock = virtualClock()
  const driver = new ScriptedDriver(clock)
  const { broker, faults } = faulty(driver)
  const reader = await broker.subscribe('t', { group: 'g' })
  driver.source.deliver('a')
  const delivery = await reader.receive()

  faults.disconnect()
  expect(delivery.ack()).toBe(false)
  await clock.advance(1_000)
  expect(driver.sources).toHaveLength(1)
  faults.reconnect()
  await clock.advance(60_000)

  expect(driver.sources).toHaveLength(2)
  expect(driver.sources[0]).toMatchObject({ stopped: true, settled: [] })
  driver.source.sink.deliver([raw('b')])
  expect(text((await reader.receive()).message)).toBe('b')
  await broker.close({ timeout: 0 })
})

test('a fault that would never happen is refused', () => {
  const mill = harness()

  const bad = expect.objectContaining({ code: 'BAD_OPTION' }) as Error
  expect(() => mill.faults.nackNext(0)).toThrow(bad)
  for (const wrong of [Number.NaN, -1, '5']) {
    expect(() => mill.faults.disconnect({ for: wrong as number })).toThrow(bad)
    expect(() => mill.faults.delayPublish(wrong as number)).toThrow(bad)
  }
})

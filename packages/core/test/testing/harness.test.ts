import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { isMillraceError, message, text, topic } from '../../src/index.ts'
import { harness } from '../../src/testing/index.ts'

test('a cascade over three topics is over when it is settled', async () => {
  await using mill = harness()
  mill.router.handle('a', { subscriber: mill.broker, topic: 'one', publishTopic: 'two' }, one =>
    message(`${text(one)}!`),
  )
  mill.router.handle('b', { subscriber: mill.broker, topic: 'two', publishTopic: 'three' }, async two => {
    await Promise.resolve()
    return message(`${text(two)}?`)
  })

  await mill.publish('one', ['x', 'y'])
  await mill.settled()

  expect(mill.topic('three').published.map(one => one.text)).toEqual(['x!?', 'y!?'])
  expect(mill.topic('two').deliveries).toMatchObject([
    { text: 'x!', group: 'b', attempt: 1, outcome: 'acked' },
    { text: 'y!', group: 'b', attempt: 1, outcome: 'acked' },
  ])
})

test('each failed attempt is there, and the dead letter with its reason', async () => {
  await using mill = harness()
  mill.router.handle(
    'ship',
    { subscriber: mill.broker, topic: 'orders', redeliver: { attempts: 3 } },
    (_, { delivery }) => {
      throw new Error(`no truck ${delivery.attempt}`)
    },
  )

  await mill.publish('orders', message('a wheel', { key: 'k' }))
  const report = await mill.settled()

  expect(report['orders']?.deliveries.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
    [1, 'nacked'],
    [2, 'nacked'],
    [3, 'dead-lettered'],
  ])
  expect(report['orders']?.deadLetters).toEqual([
    {
      id: report['orders']?.published[0]?.id,
      text: 'a wheel',
      to: 'orders.ship.dead',
      group: 'ship',
      attempts: 3,
      error: 'Error: no truck 3',
      firstError: 'Error: no truck 1',
    },
  ])
})

test('attempts that wait in this process, to keep their order, are told like all others', async () => {
  await using mill = harness()
  const seen: string[] = []
  mill.router.handle(
    'ship',
    { subscriber: mill.broker, topic: 'orders', orderBy: one => one.message.key, redeliver: { attempts: 5 } },
    (order, { delivery }) => {
      seen.push(`${text(order)}${delivery.attempt}`)
      if (delivery.attempt < 3 && text(order) === 'a') throw new Error('not yet')
    },
  )

  await mill.publish('orders', [message('a', { key: 'k' }), message('b', { key: 'k' })])
  await mill.settled()

  expect(seen).toEqual(['a1', 'a2', 'a3', 'b1'])
  const ofA = mill.topic('orders').deliveries.filter(one => one.text === 'a')
  expect(ofA.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
    [1, 'nacked'],
    [2, 'nacked'],
    [3, 'acked'],
  ])
})

test('the clock is moved through delays, retries and throttles, and only as far as they need', async () => {
  await using mill = harness({ start: 0 })
  const at: number[] = []
  mill.router.handle(
    'slow',
    {
      subscriber: mill.broker,
      topic: 't',
      retry: { attempts: 2, base: 1_000, jitter: 'none' },
      throttle: { rate: 1, per: 60_000 },
    },
    () => {
      at.push(mill.clock.now())
      if (at.length === 1) throw new Error('once')
    },
  )

  await mill.publish('t', 'x', { delay: 3_600_000 })
  await mill.settled()

  expect(at).toEqual([3_600_000, 3_660_000])
  expect(mill.clock.now()).toBeLessThan(3_800_000)
})

test('a handler that hangs runs into its timeout', async () => {
  await using mill = harness()
  mill.router.handle(
    'hang',
    { subscriber: mill.broker, topic: 't', timeout: 5_000, redeliver: { attempts: 1 } },
    (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )

  await mill.publish('t', 'x')
  await mill.settled({ patience: 10 })

  expect(mill.topic('t').deadLetters).toMatchObject([{ error: expect.stringContaining('MillraceError') }])
})

test('a handler at work on something real is waited for, and no timeout falls on it', async () => {
  await using mill = harness()
  mill.router.handle('real', { subscriber: mill.broker, topic: 't', timeout: 5 }, async () => {
    await sleep(30) // a socket, a file
  })

  await mill.publish('t', 'x')
  await mill.settled({ patience: 10_000 })

  expect(mill.topic('t').deliveries).toMatchObject([{ attempt: 1, outcome: 'acked' }])
})

test('what cannot settle is an error that says what is left', async () => {
  await using mill = harness()
  const subscription = await mill.broker.subscribe('t', { group: 'g' })
  await mill.publish('t', 'x')

  await expect(mill.settled({ within: 1_000, patience: 5 })).rejects.toSatisfy(
    (error: Error) => isMillraceError(error, 'TIMEOUT') && error.message.includes('1 pending (t, g)'),
  )

  await subscription.close({ timeout: 0 })
})

test('a group without a consumer keeps nobody waiting', async () => {
  await using mill = harness()
  await mill.broker.declare('t', { group: 'away' })

  await mill.publish('t', 'x')
  const report = await mill.settled()

  expect(report['t']).toMatchObject({ published: [{ text: 'x' }], deliveries: [], deadLetters: [] })
})

test('typed topics take values, and what is not valid is dead-lettered', async () => {
  const Orders = topic('orders', { schema: z.object({ total: z.number() }), key: () => 'k' })
  await using mill = harness()
  const totals: number[] = []
  mill.router.handle('sum', { subscriber: mill.broker, topic: Orders }, order => void totals.push(order.total))

  await mill.publish(Orders, [{ total: 1 }, { total: 2 }])
  await mill.publish('orders', '{"total":"three"}')
  await mill.settled()

  expect(totals).toEqual([1, 2])
  expect(mill.topic(Orders).published[0]).toMatchObject({ key: 'k', text: '{"total":1}' })
  expect(mill.topic(Orders).deadLetters).toMatchObject([{ text: '{"total":"three"}', attempts: 1 }])
})

test('an atomic handler is told like any other', async () => {
  await using mill = harness()
  mill.router.handle('move', { subscriber: mill.broker, topic: 'a', publishTopic: 'b', atomic: true }, one => one)

  await mill.publish('a', 'x')
  const report = await mill.settled()

  expect(report['a']?.deliveries).toMatchObject([{ outcome: 'acked' }])
  expect(report['b']?.published).toMatchObject([{ text: 'x' }])
})

test('a report is a snapshot', async () => {
  await using mill = harness()
  await mill.publish('t', 'x')
  const before = mill.report()

  await mill.publish('t', 'y')

  expect(before['t']?.published).toHaveLength(1)
})

test('nothing is left running when it is closed', async () => {
  const mill = harness()
  mill.router.handle('h', { subscriber: mill.broker, topic: 't' }, () => undefined)
  await mill.publish('t', 'x')
  await mill.settled()

  await mill.close()

  expect(mill.clock.pending).toBe(0)
})

test('options that there are not, or in the wrong place, are BAD_OPTION', async () => {
  await using mill = harness()

  for (const wrong of [{ patience: 20 }, { memory: { colour: 1 } }, null])
    expect(() => harness(wrong as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  for (const wrong of [{ timeout: 5 }, { within: -1 }, { patience: '20' }])
    await expect(mill.settled(wrong as never)).rejects.toMatchObject({ code: 'BAD_OPTION' })
})

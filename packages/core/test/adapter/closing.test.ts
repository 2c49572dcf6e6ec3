import { describe, expect, test } from 'vitest'
import { broker } from '../../src/adapter/broker.ts'
import type { Clock } from '../../src/clock/clock.ts'
import { systemClock } from '../../src/clock/system.ts'
import type { Transaction } from '../../src/contract.ts'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { settled as turn, virtualClock } from '../../src/testing/virtual-clock.ts'
import { raw, ScriptedDriver, type ScriptedSource } from './scripted-driver.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe('closing a broker', () => {
  test('waits for a publish that gets no answer as long as it was told, not for the publish’s own timeout', async () => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    const own = broker(driver)
    driver.answers.push(never)
    own.publish('t', message('a')).catch(() => undefined)
    await turn()

    const closed = own.close({ timeout: 5000 })
    await clock.advance(4999)
    expect(driver.closed).toBe(0)
    await clock.advance(1)

    await closed
    expect(driver.closed).toBe(1)
  })

  test('a later, shorter timeout counts for publishes, too; a second is the least they get', async () => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    const own = broker(driver)
    driver.answers.push(never)
    own.publish('t', message('a')).catch(() => undefined)
    await turn()

    const closed = own.close()
    void own.close({ timeout: 0 })
    await clock.advance(1000)

    await closed
    expect(driver.closed).toBe(1)
  })

  test('tells a driver that is slow to disconnect when the time is over', async () => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    const closing: boolean[] = []
    const close = (signal: AbortSignal): Promise<void> =>
      new Promise(resolve => {
        closing.push(signal.aborted)
        signal.addEventListener('abort', () => resolve())
      })
    const own = broker(Object.assign(driver, { close }))
    await own.open()

    const closed = own.close({ timeout: 5000 })
    await clock.advance(4999)
    expect(own.health().state).toBe('closing')
    await clock.advance(1)

    await closed
    expect([closing, own.health().state, clock.pending]).toEqual([[false], 'closed', 0])
  })

  test.each<[string, boolean, (source: ScriptedSource, clock: Clock) => void]>([
    ['waits for settlements that nobody confirms', false, source => void (source.onSettle = never)],
    [
      'waits for a source that is slow to stop, after its confirmations,',
      true,
      (source, clock) => {
        source.onSettle = () => new Promise(resolve => void clock.after(2000, resolve))
        source.onStop = signal => new Promise(resolve => signal.addEventListener('abort', () => resolve()))
      },
    ],
  ])('%s as long as it was told, and five seconds at the least', async (_, soon, slow) => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    const own = broker(driver)
    const ended: number[] = []
    for (const timeout of [0, 8000]) {
      const subscription = await own.subscribe('t', { group: 'g' })
      const source = driver.sources.at(-1)!
      slow(source, clock)
      source.sink.deliver([raw('a')])
      ;(await subscription.receive()).ack()
      const begun = clock.now()
      void subscription.close({ timeout }).then(() => ended.push(clock.now() - begun))
      await clock.advance(2500)
      expect(source.stopped).toBe(soon)
      await clock.advance(10_000)
      expect(source.stopped).toBe(true)
    }

    expect(ended).toEqual([5000, 8000])
    expect(clock.pending).toBe(0)
    await own.close()
  })

  test('leaves no timer of publishes that have ended, and while it was open none that kept the process alive', async () => {
    let left = 0
    const counting: Clock = {
      now: () => systemClock.now(),
      after(delay, run, options) {
        left++
        const timer = systemClock.after(delay, () => (left--, run()), options)
        return { hold: alive => timer.hold?.(alive), cancel: () => (left--, timer.cancel()) }
      },
    }
    const alive = (): number => process.getActiveResourcesInfo().filter(one => one === 'Timeout').length
    const before = alive()
    const driver = new ScriptedDriver(counting)
    driver.answers.push(async () => (await turn(), []))
    const own = broker(driver)
    await own.open()

    const publish = own.publish('t', message('a'))
    expect([left, alive()]).toEqual([1, before + 1])
    await publish
    expect([left, alive()]).toEqual([1, before])
    await own.close()

    expect(left).toBe(0)
  })

  test('refuses what a publisher still waits to publish', async () => {
    const clock = virtualClock()
    const own = memory({ clock, capacity: { messages: 1 } })
    await own.declare('t', { group: 'g' })
    await own.publish('t', message('a'))
    const waiting = own.publish('t', message('b'), { timeout: 3_600_000 })
    waiting.catch(() => undefined)

    const closed = own.close({ timeout: 100 })
    await clock.advance(1000)
    await closed

    await expect(waiting).rejects.toMatchObject({ code: 'PUBLISH_FAILED', failures: [{ outcome: 'refused' }] })
    expect(clock.pending).toBe(0)
  })

  test('waits for a transaction under way', async () => {
    const own = memory()
    await own.declare('t', { group: 'g' })
    let go: () => void = () => undefined
    const gate = new Promise<void>(resolve => (go = resolve))
    const transaction = own.transaction!(async tx => {
      await gate
      await tx.publish('t', message('a'))
    })

    const closed = own.close()
    go()

    await expect(transaction).resolves.toBeUndefined()
    await closed
  })

  test('commits nothing after it: the transaction says that it was closed', async () => {
    const clock = virtualClock()
    const own = memory({ clock })
    let go: () => void = () => undefined
    const gate = new Promise<void>(resolve => (go = resolve))
    const transaction = own.transaction!(async tx => {
      await gate
      await tx.publish('t', message('a'))
    })
    transaction.catch(() => undefined)

    const closed = own.close({ timeout: 0 })
    await clock.advance(1000)
    await closed
    go()

    await expect(transaction).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(own.transaction!(async () => undefined)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('during everything at once ends everything, and leaves no timer', async () => {
    const clock = virtualClock()
    const own = memory({ clock })
    const subscription = await own.subscribe('t', { group: 'g' })
    await own.publish('t', message('a'))
    const first = subscription.tryReceive()
    const iterator = subscription[Symbol.asyncIterator]()
    const batches = subscription.batches({ size: 9, within: 1e6 })[Symbol.asyncIterator]()
    const waits = [
      subscription.receive(),
      iterator.next(),
      iterator.next(),
      batches.next(),
      subscription.each(() => undefined),
      own.publish('other', message('x'), { delay: 1e6 }),
      own.subscribe('more'),
    ]
    first?.nack({ delay: 1e6 })

    await own.close({ timeout: 0 })

    const ends = await Promise.allSettled(waits)
    expect(ends.map(({ status }) => status)).toEqual([
      'rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected',
    ]) // prettier-ignore
    await subscription.flush()
    await subscription.close()
    expect(clock.pending).toBe(0)
    expect(subscription.tryReceive()).toBeUndefined()
  })
})

describe('a driver that never answers', () => {
  test('keeps nobody who declares or asks for the lag beyond their signal, or their time', async () => {
    const clock = virtualClock()
    const driver = Object.assign(new ScriptedDriver(clock), { declare: never, lag: never })
    const own = broker(driver, { connectTimeout: 5000 })
    const abort = new AbortController()
    const waits = [
      own.declare('t', { signal: abort.signal }),
      own.lag!('t', 'g', { signal: abort.signal }),
      own.declare('t'),
      own.lag!('t', 'g'),
    ]
    const codes = waits.map(wait => wait.then(String, (error: { code: string }) => error.code))
    await turn()

    abort.abort()
    expect(await Promise.all(codes.slice(0, 2))).toEqual(['ABORTED', 'ABORTED'])
    await clock.advance(5000)

    expect(await Promise.all(codes)).toEqual(['ABORTED', 'ABORTED', 'TIMEOUT', 'TIMEOUT'])
    expect(clock.pending).toBe(0)
  })
})

describe('an iterator', () => {
  test('that returns while it is asked twice takes nothing with it', async () => {
    const own = memory()
    const subscription = await own.subscribe('t', { group: 'g' })
    const iterator = subscription[Symbol.asyncIterator]()
    const asked = [iterator.next(), iterator.next()]

    await iterator.return?.()
    await own.publish('t', message('a'))

    expect(await Promise.all(asked)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
    expect(text(subscription.tryReceive()!.message)).toBe('a') // it was published
    await own.close({ timeout: 0 })
  })
})

describe('a transaction', () => {
  test('acks deliveries of several subscriptions, each of its own', async () => {
    const own = memory()
    const subscriptions = [await own.subscribe('a', { group: 'g' }), await own.subscribe('b', { group: 'g' })]
    await own.publish('a', message('1'))
    await own.publish('b', message('2'))
    const deliveries = subscriptions.map(subscription => subscription.tryReceive()!) // both were published

    await own.transaction!(async (tx: Transaction) => {
      await tx.publish('out', message('3'))
      for (const delivery of deliveries) tx.ack(delivery)
    })

    expect(await Promise.all(['a', 'b'].map(topic => own.lag!(topic, 'g')))).toEqual([{ messages: 0 }, { messages: 0 }])
    expect(own.statistics().topics['a']!.acked + own.statistics().topics['b']!.acked).toBe(2) // both are there
    expect(own.health().inFlight).toBe(0)
    await own.close({ timeout: 0 })
  })

  test('acks what is in hand while its subscription drains', async () => {
    const own = memory()
    const subscription = await own.subscribe('t', { group: 'g' })
    await own.publish('t', message('a'))
    const delivery = await subscription.receive()
    const closed = subscription.close()

    await own.transaction!(async tx => tx.ack(delivery))

    expect(await closed).toEqual({ released: 0 })
    expect(await own.lag!('t', 'g')).toEqual({ messages: 0 })
    await own.close({ timeout: 0 })
  })

  test('cannot ack what is settled, lost or another broker’s', async () => {
    const own = memory()
    const other = memory()
    const subscription = await other.subscribe('t', { group: 'g' })
    await other.publish('t', message('a'))
    const delivery = await subscription.receive()

    await expect(own.transaction!(async tx => tx.ack(delivery))).rejects.toMatchObject({ code: 'LOST' })
    delivery.ack()
    await expect(other.transaction!(async tx => tx.ack(delivery))).rejects.toMatchObject({ code: 'LOST' })
    await Promise.all([own.close(), other.close()])
  })
})

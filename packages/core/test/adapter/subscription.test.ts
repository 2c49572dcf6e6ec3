import { describe, expect, test } from 'vitest'
import { broker } from '../../src/adapter/broker.ts'
import { isMillraceError, MillraceError } from '../../src/errors.ts'
import { pattern } from '../../src/pattern.ts'
import { settled as turn, virtualClock } from '../../src/testing/virtual-clock.ts'
import type { Capabilities, SubscribeOptions } from '../../src/contract.ts'
import { disconnected, raw, ScriptedDriver } from './scripted-driver.ts'

const slow: Partial<SubscribeOptions> = { backoff: { base: 100, jitter: 'none' } }

async function subscribed(options: SubscribeOptions = { group: 'g' }, capabilities: Partial<Capabilities> = {}) {
  const clock = virtualClock()
  const driver = new ScriptedDriver(clock, capabilities)
  const made = broker(driver)
  const subscription = await made.subscribe('t', options)
  return { clock, driver, broker: made, subscription, source: driver.source }
}

function texts(deliveries: readonly { message: { id: string } }[]): string[] {
  return deliveries.map(({ message }) => message.id)
}

describe('receiving', () => {
  test('waits are served in their order', async () => {
    const { source, subscription } = await subscribed()
    const waits = [subscription.receive(), subscription.receive()]

    source.deliver('a', 'b')

    expect(texts(await Promise.all(waits))).toEqual(['a', 'b'])
  })

  test('a wait that was aborted loses nothing: the next one gets it', async () => {
    const { source, subscription } = await subscribed()
    const abort = new AbortController()
    const first = subscription.receive({ signal: abort.signal })
    const second = subscription.receive()

    abort.abort()
    source.deliver('a')

    await expect(first).rejects.toMatchObject({ code: 'ABORTED' })
    expect((await second).message.id).toBe('a')
  })

  test('a break ends the iterator, not the subscription', async () => {
    const { source, subscription } = await subscribed()
    source.deliver('a', 'b')

    for await (const delivery of subscription) {
      expect(delivery.message.id).toBe('a')
      break
    }

    expect(subscription.tryReceive()?.message.id).toBe('b')
  })

  test('an iterator that returns while it waits takes nothing with it', async () => {
    const { source, subscription } = await subscribed()
    const iterator = subscription[Symbol.asyncIterator]()
    const waiting = iterator.next()

    await iterator.return?.()
    source.deliver('a')

    expect(await waiting).toMatchObject({ done: true })
    expect(subscription.tryReceive()?.message.id).toBe('a')
  })

  test('the credit is the prefetch, and comes back as work is settled', async () => {
    const { source, subscription } = await subscribed({ group: 'g', prefetch: 3 })
    expect(source.credit).toBe(3)

    source.deliver('a', 'b', 'c')
    expect(source.credit).toBe(0)
    subscription.tryReceive()?.ack()
    await subscription.flush()

    expect(source.credit).toBe(1)
  })

  test('an expired message is never handed over, though it was fresh when it was buffered', async () => {
    const { source, subscription, clock } = await subscribed()
    source.sink.deliver([raw('old', { expires: clock.now() + 50 }), raw('new')])

    await clock.advance(50)

    expect(subscription.tryReceive()?.message.id).toBe('new')
    await subscription.flush()
    expect(source.settled).toMatchObject([{ text: 'old', outcome: 'ack', why: 'expired' }])
  })
})

describe('batches', () => {
  test('a batch is given at its size', async () => {
    const { source, subscription } = await subscribed()
    const batches = subscription.batches({ size: 2, within: 1000 })[Symbol.asyncIterator]()
    const batch = batches.next()

    source.deliver('a')
    await turn()
    source.deliver('b', 'c')

    expect(texts((await batch).value as never)).toEqual(['a', 'b'])
  })

  test('a batch is given after its time with what there is', async () => {
    const { source, subscription, clock } = await subscribed()
    const batch = subscription.batches({ size: 9, within: 100 })[Symbol.asyncIterator]().next()

    source.deliver('a')
    await clock.advance(100)

    expect(texts((await batch).value as never)).toEqual(['a'])
  })

  test('an aborted batch leaves what it was gathering to the next', async () => {
    const { source, subscription } = await subscribed()
    const abort = new AbortController()
    const batch = subscription.batches({ size: 9, within: 1000, signal: abort.signal })[Symbol.asyncIterator]().next()
    source.deliver('a')
    await turn()

    abort.abort()

    await expect(batch).rejects.toMatchObject({ code: 'ABORTED' })
    expect(subscription.tryReceive()?.message.id).toBe('a')
  })

  test('a batch larger than the prefetch does not wait for what cannot come', async () => {
    const { source, subscription } = await subscribed({ group: 'g', prefetch: 2 })
    const batch = subscription.batches({ size: 100, within: 60_000 })[Symbol.asyncIterator]().next()

    source.deliver('a', 'b')

    expect(texts((await batch).value as never)).toEqual(['a', 'b'])
  })
})

describe('settling', () => {
  test('exactly what was settled is told, in batches', async () => {
    const { source, subscription } = await subscribed()
    source.deliver('a', 'b', 'c')
    const [a, , c] = [subscription.tryReceive(), subscription.tryReceive(), subscription.tryReceive()]

    a?.ack()
    c?.release()
    await subscription.flush()

    expect(source.settled.map(({ text, outcome }) => [text, outcome])).toEqual([
      ['a', 'ack'],
      ['c', 'release'],
    ])
  })

  test('the same settlement twice is nothing, another throws SETTLED', async () => {
    const { source, subscription } = await subscribed()
    source.deliver('a')
    const delivery = await subscription.receive()

    expect([delivery.ack(), delivery.ack()]).toEqual([true, true])
    expect(() => delivery.nack()).toThrow(expect.objectContaining({ code: 'SETTLED' }))
    await subscription.flush()

    expect(source.settled).toHaveLength(1)
  })

  test('a settlement that fails is told by flush and by health, and crashes nothing', async () => {
    const { broker, source, subscription } = await subscribed()
    source.onSettle = () => Promise.reject(disconnected())
    source.deliver('a')
    subscription.tryReceive()?.ack()

    await expect(subscription.flush()).rejects.toMatchObject({ code: 'DISCONNECTED' })

    expect(broker.health().lastError).toMatchObject({ code: 'DISCONNECTED' })
    await expect(subscription.flush()).resolves.toBeUndefined()
  })

  test('a nack without a delay backs off, more with each attempt, up to what the broker can', async () => {
    const { source, subscription } = await subscribed({ group: 'g', ...slow })
    source.sink.deliver([raw('a', { attempt: 1 }), raw('b', { attempt: 3 }), raw('c', { attempt: 9 })])
    while (subscription.tryReceive()?.nack());

    await subscription.flush()

    expect(source.settled.map(({ delay }) => delay)).toEqual([100, 400, 25_600])
  })

  test('a delay that the broker cannot keep is DELAY_TOO_LONG, and the delivery is still open', async () => {
    const { source, subscription } = await subscribed()
    source.deliver('a')
    const delivery = await subscription.receive()

    expect(() => delivery.nack({ delay: 60_001 })).toThrow(expect.objectContaining({ code: 'DELAY_TOO_LONG' }))

    expect(delivery.ack()).toBe(true)
  })

  test('the signal is made when it is read, and tells why it ended', async () => {
    const { source, subscription } = await subscribed()
    const [lost] = source.deliver('a', 'b', 'c')
    const [a, b, c] = [await subscription.receive(), await subscription.receive(), await subscription.receive()]
    const signals = [a.signal, b.signal]

    source.sink.lost([lost!]) // it was delivered
    b.ack()
    await subscription.close({ timeout: 0 })

    const codes = [...signals, c.signal].map(({ reason }) => (isMillraceError(reason) ? reason.code : undefined))
    expect(codes).toEqual(['LOST', 'SETTLED', 'CLOSED'])
  })
})

describe('redelivery in the process', () => {
  const held = { nackDelay: { where: 'process', max: Infinity }, attempts: 'process' } as const

  test('a failed message waits while others pass, then comes again with its attempt counted', async () => {
    const { source, subscription, clock } = await subscribed({ group: 'g', ...slow }, held)
    source.deliver('a', 'b')

    subscription.tryReceive()?.nack()
    subscription.tryReceive()?.ack()
    await subscription.flush()
    expect(subscription.tryReceive()).toBeUndefined()
    await clock.advance(100)

    expect(subscription.tryReceive()).toMatchObject({ attempt: 2, message: { id: 'a' } })
    expect(source.settled.map(({ text, outcome }) => [text, outcome])).toEqual([
      ['a', 'hold'],
      ['b', 'ack'],
    ])
  })

  test('what is held keeps its credit: it is not settled', async () => {
    const { source, subscription } = await subscribed({ group: 'g', prefetch: 2, ...slow }, held)
    source.deliver('a')
    subscription.tryReceive()?.nack()

    await subscription.flush()

    expect(source.credit).toBe(1)
  })

  test('what is held at the close goes back to the broker', async () => {
    const { source, subscription } = await subscribed({ group: 'g', ...slow }, held)
    source.deliver('a')
    subscription.tryReceive()?.nack()

    expect(await subscription.close()).toEqual({ released: 1 })

    expect(source.settled.at(-1)).toMatchObject({ text: 'a', outcome: 'nack', attempt: 1 })
  })
})

describe('dead letters', () => {
  test('a message whose attempts are used up is accepted by the dead-letter topic before it is acked', async () => {
    const { driver, source, subscription } = await subscribed({ group: 'g', maxDeliveries: 2 })
    let accept: (failures: readonly []) => void = () => undefined
    driver.answers.push(() => new Promise(resolve => (accept = resolve)))
    source.sink.deliver([raw('a', { attempt: 2 })])

    subscription.tryReceive()?.nack({ error: new Error('no') })
    await turn()
    expect(driver.written).toEqual([{ topic: 't.g.dead', texts: ['a'] }])
    expect(source.settled).toEqual([])
    accept([])
    await subscription.flush()

    expect(source.settled).toMatchObject([{ text: 'a', outcome: 'ack', why: 'dead-lettered' }])
    expect(driver.declared).toContain('t.g.dead')
  })

  test('when the dead letter is refused the original is nacked, never acked', async () => {
    const { driver, source, subscription } = await subscribed({ group: 'g', maxDeliveries: 1 })
    driver.answers.push(batch =>
      batch.map(({ id }, index) => ({ index, id, outcome: 'refused', error: new Error('full') })),
    )
    source.deliver('a')

    subscription.tryReceive()?.nack()
    await turn()
    await subscription.flush()

    expect(source.settled).toMatchObject([{ text: 'a', outcome: 'nack' }])
  })

  test('without a group there is none: reject throws, and used up attempts are discarded and said so', async () => {
    const { source, subscription } = await subscribed({ maxDeliveries: 1 })
    source.deliver('a')
    const delivery = await subscription.receive()

    expect(() => delivery.reject()).toThrow(expect.objectContaining({ code: 'NO_DEAD_LETTER' }))
    delivery.nack()
    await subscription.flush()

    expect(source.settled).toMatchObject([{ outcome: 'ack', why: 'discarded' }])
  })

  test('under a pattern the topic is declared when it is first used', async () => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    const subscription = await broker(driver).subscribe(pattern('*'), { group: 'g' })
    expect(driver.declared).toEqual([])
    driver.source.deliver('a')

    subscription.tryReceive()?.reject()
    await turn()
    await subscription.flush()

    expect(driver.declared).toEqual(['t.g.dead'])
  })

  test('what cannot be read goes there by itself, and the next message comes', async () => {
    const { driver, source, subscription } = await subscribed()
    const undecodable = { error: new MillraceError('UNDECODABLE', 'bits'), payload: new Uint8Array([255]) }
    source.sink.deliver([raw('x', { message: undefined, undecodable }), raw('b')])

    expect((await subscription.receive()).message.id).toBe('b')
    await subscription.flush()

    expect(driver.written[0]?.topic).toBe('t.g.dead')
    expect(source.settled).toMatchObject([{ outcome: 'ack', why: 'dead-lettered' }])
  })

  test('what was handed out five times too often without a word is taken for a killer', async () => {
    const { driver, source } = await subscribed({ group: 'g', maxDeliveries: 2 })

    source.sink.deliver([raw('a', { attempt: 11 })])
    await turn()

    expect(driver.written).toEqual([{ topic: 't.g.dead', texts: ['a'] }])
  })
})

describe('leases', () => {
  test('what is buffered and in hand is extended until it is too old, then left to the broker', async () => {
    const { source, subscription, clock } = await subscribed(
      { group: 'g', lease: 300, maxLease: 900 },
      { leases: true },
    )
    source.deliver('a', 'b')
    await subscription.receive()

    await clock.advance(900)
    const extensions = source.extended.length
    await clock.advance(3000)

    expect(extensions).toBeGreaterThanOrEqual(8)
    expect(source.extended.length).toBeLessThanOrEqual(extensions + 2)
    expect(clock.pending).toBeGreaterThanOrEqual(0)
  })

  test('what the broker took back is lost: its ack says so and is not sent', async () => {
    const { source, subscription, clock } = await subscribed({ group: 'g', lease: 300 }, { leases: true })
    source.deliver('a', 'b')
    const [a, b] = [await subscription.receive(), await subscription.receive()]
    const lost: number[] = []
    subscription.on('lost', ({ count }) => lost.push(count ?? 0))
    source.over.add('a')

    await clock.advance(100)

    expect([a.ack(), b.ack()]).toEqual([false, true])
    await subscription.flush()
    expect(source.settled.map(({ text }) => text)).toEqual(['b'])
    expect(lost).toEqual([1])
  })
})

describe('an outage', () => {
  test('everything in hand is lost, nothing stale is sent, and the same subscription goes on', async () => {
    const { driver, source, subscription, clock } = await subscribed({ group: 'g', backoff: { base: 0, max: 0 } })
    const events: string[] = []
    for (const event of ['down', 'lost', 'up', 'gap'] as const) subscription.on(event, () => events.push(event))
    source.deliver('a', 'b')
    const a = await subscription.receive()
    a.ack()
    const b = await subscription.receive()

    source.sink.down(disconnected())
    expect(b.ack()).toBe(false)
    await clock.advance(1000)
    driver.source.deliver('a2')

    expect((await subscription.receive()).message.id).toBe('a2')
    expect(driver.sources).toHaveLength(2)
    expect(source.settled).toEqual([])
    expect(events).toEqual(['down', 'lost', 'up'])
  })

  test('a subscription of its own goes on after its position where the broker replays', async () => {
    const { driver, source, clock } = await subscribed({})
    source.at = '41'

    source.sink.down(disconnected())
    await clock.advance(1000)

    expect(driver.source.spec.from).toEqual({ after: '41' })
  })

  test('where it cannot replay, the gap is told', async () => {
    const { source, subscription, clock } = await subscribed({}, { broadcast: 'live' })
    const gaps: string[] = []
    subscription.on('gap', ({ reason }) => gaps.push(reason ?? ''))

    source.sink.down(disconnected())
    await clock.advance(1000)

    expect(gaps).toHaveLength(1)
  })

  test('the link is opened again and again, with backoff, not in a loop', async () => {
    const { driver, source, clock } = await subscribed()
    driver.failOpen.push(...Array.from({ length: 8 }, disconnected))
    const opened = driver.opened

    source.sink.down(disconnected())
    await clock.advance(0)
    expect(driver.opened - opened).toBeLessThanOrEqual(3)
    await clock.advance(120_000)

    expect(driver.opened - opened).toBe(9)
    expect(driver.sources).toHaveLength(2)
  })

  test('what trying again cannot mend ends the subscription with the error', async () => {
    const { source, subscription } = await subscribed()
    const waiting = subscription.receive()
    const auth = new MillraceError('AUTH', 'the password changed')

    source.sink.down(auth)

    await expect(waiting).rejects.toBe(auth)
    expect(await subscription.closed).toBe(auth)
  })

  test('a subscribe that meets a dead link waits for it', async () => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    driver.failOpen.push(disconnected(), disconnected())
    driver.failAttach.push(disconnected())
    const subscribing = broker(driver).subscribe('t', { group: 'g' })

    await clock.advance(5000)

    await expect(subscribing).resolves.toBeDefined()
    expect(driver.opened).toBe(4)
  })

  test('a subscribe that meets a link that stays dead ends, and says why', async () => {
    const clock = virtualClock()
    const driver = new ScriptedDriver(clock)
    driver.failOpen.push(...Array.from({ length: 1000 }, disconnected))
    const subscribing = broker(driver).subscribe('t', { group: 'g' })
    subscribing.catch(() => undefined)

    await clock.advance(31_000)

    await expect(subscribing).rejects.toMatchObject({ code: 'TIMEOUT', cause: { code: 'DISCONNECTED' } })
  })
})

describe('closing', () => {
  test('intake stops, work in hand may settle, and then it ends', async () => {
    const { source, subscription } = await subscribed()
    source.deliver('a', 'b')
    const a = await subscription.receive()

    const closing = subscription.close()
    await turn()
    expect([source.paused, source.stopped]).toEqual([true, false])
    a.ack()

    expect(await closing).toEqual({ released: 1 })
    expect(source.settled.map(({ text, outcome }) => [text, outcome])).toEqual([
      ['b', 'release'],
      ['a', 'ack'],
    ])
    expect(source.stopped).toBe(true)
  })

  test('what is not settled in time is released', async () => {
    const { source, subscription, clock } = await subscribed()
    source.deliver('a')
    const a = await subscription.receive()

    const closing = subscription.close({ timeout: 500 })
    await clock.advance(500)

    expect(await closing).toEqual({ released: 1 })
    expect(a.ack()).toBe(false)
    expect(source.settled).toMatchObject([{ text: 'a', outcome: 'release' }])
    expect(clock.pending).toBe(0)
  })

  test('every wait ends: receive with CLOSED, iterators and batches with their end', async () => {
    const { subscription } = await subscribed()
    const receive = subscription.receive()
    const iterator = subscription[Symbol.asyncIterator]().next()
    const batches = subscription.batches({ size: 3 })[Symbol.asyncIterator]().next()

    await Promise.all([subscription.close(), subscription.close()])

    await expect(receive).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await iterator).toMatchObject({ done: true })
    expect(await batches).toMatchObject({ done: true })
    expect(await subscription.closed).toBeUndefined()
  })

  test('a second close with a shorter time cuts the first one short', async () => {
    const { source, subscription, clock } = await subscribed()
    source.deliver('a')
    await subscription.receive()

    const first = subscription.close({ timeout: 60_000 })
    await turn()
    await subscription.close({ timeout: 0 })

    expect(await first).toEqual({ released: 1 })
    expect(clock.pending).toBe(0)
  })

  test("an abort of the subscription's signal releases what is in hand at once", async () => {
    const abort = new AbortController()
    const { source, subscription } = await subscribed({ group: 'g', signal: abort.signal })
    source.deliver('a', 'b')
    await subscription.receive()

    abort.abort()

    expect(await subscription.closed).toBeUndefined()
    expect(source.settled.map(({ outcome }) => outcome)).toEqual(['release', 'release'])
  })

  test('a dead letter on its way is waited for', async () => {
    const { driver, source, subscription } = await subscribed({ group: 'g' })
    let accept: (failures: readonly []) => void = () => undefined
    driver.answers.push(() => new Promise(resolve => (accept = resolve)))
    source.deliver('a')
    subscription.tryReceive()?.reject()

    const closing = subscription.close()
    await turn()
    expect(source.stopped).toBe(false)
    accept([])

    expect(await closing).toEqual({ released: 0 })
    expect(source.settled).toMatchObject([{ outcome: 'ack', why: 'dead-lettered' }])
  })

  test('closing during an outage ends at once and stops trying', async () => {
    const { driver, source, broker, clock } = await subscribed()
    driver.failOpen.push(...Array.from({ length: 100 }, disconnected))
    source.sink.down(disconnected())
    await clock.advance(1000)
    const { opened } = driver

    await broker.close()
    await clock.advance(60_000)

    expect(driver.opened).toBe(opened)
    expect(clock.pending).toBe(0)
  })
})

describe('each', () => {
  test('what returns is acked, what throws is nacked, what settled itself is let be', async () => {
    const { source, subscription } = await subscribed({ group: 'g', ...slow })
    const done = subscription.each(async delivery => {
      if (delivery.message.id === 'b') throw new Error('no')
      if (delivery.message.id === 'c') delivery.release()
    })

    source.deliver('a', 'b', 'c')
    await turn()
    await subscription.flush()
    await subscription.close()
    await done

    expect(source.settled.map(({ text, outcome }) => [text, outcome])).toEqual([
      ['a', 'ack'],
      ['b', 'nack'],
      ['c', 'release'],
    ])
  })
})

import { describe, expect, test } from 'vitest'
import { broker } from '../../src/adapter/broker.ts'
import type { Failure, PublishOptions } from '../../src/contract.ts'
import { MillraceError } from '../../src/errors.ts'
import { message } from '../../src/message.ts'
import { pattern } from '../../src/pattern.ts'
import { settled as turn, virtualClock } from '../../src/testing/virtual-clock.ts'
import { disconnected, ScriptedDriver } from './scripted-driver.ts'

function made(capabilities = {}) {
  const clock = virtualClock()
  const driver = new ScriptedDriver(clock, capabilities)
  return { clock, driver, broker: broker(driver) }
}

describe('publishing', () => {
  test('opens by itself and resolves when all is accepted', async () => {
    const { driver, broker } = made()

    await broker.publish('t', [message('a'), message('b')])

    expect(driver.opened).toBe(1)
    expect(driver.written).toEqual([{ topic: 't', texts: ['a', 'b'] }])
  })

  test('says which messages were not accepted, and whether they may have been stored', async () => {
    const { driver, broker } = made()
    const failure: Failure = { index: 1, id: 'x', outcome: 'unknown', error: disconnected() }
    driver.answers.push(() => Promise.resolve([failure]))

    const publish = broker.publish('t', [message('a'), message('b', { id: 'x' })])

    await expect(publish).rejects.toMatchObject({ code: 'PUBLISH_FAILED', failures: [failure], cause: failure.error })
  })

  test('what was not sent for want of a link is sent when it is back', async () => {
    const { clock, driver, broker } = made()
    await broker.open()
    driver.answers.push(() => Promise.reject(disconnected()))
    driver.failOpen.push(disconnected())

    const publish = broker.publish('t', message('a'))
    await clock.advance(1000)

    await expect(publish).resolves.toBeUndefined()
    expect(driver.written.map(({ texts }) => texts)).toEqual([['a'], ['a']])
  })

  test('ends at its timeout: refused where nothing was sent, unknown where it may have been', async () => {
    const { clock, driver, broker } = made()
    driver.failOpen.push(...Array.from({ length: 1000 }, disconnected))
    const unsent = broker.publish('t', message('a'), { timeout: 500 })
    unsent.catch(() => undefined)
    await clock.advance(500)

    const { broker: other, clock: time, driver: mute } = made()
    mute.answers.push(() => new Promise(() => undefined))
    const unanswered = other.publish('t', message('a'), { timeout: 500 })
    unanswered.catch(() => undefined)
    await time.advance(500)

    await expect(unsent).rejects.toMatchObject({ code: 'PUBLISH_FAILED', failures: [{ error: { code: 'TIMEOUT' } }] })
    await expect(unanswered).rejects.toMatchObject({ failures: [{ outcome: 'unknown', error: { code: 'TIMEOUT' } }] })
    expect(time.pending).toBe(0)
  })

  test("ends at the caller's signal, and leaves no listener", async () => {
    const { driver, broker } = made()
    const abort = new AbortController()
    driver.answers.push(() => new Promise(() => undefined))
    const publish = broker.publish('t', message('a'), { signal: abort.signal })
    await turn()

    abort.abort()

    await expect(publish).rejects.toMatchObject({ code: 'PUBLISH_FAILED', failures: [{ error: { code: 'ABORTED' } }] })
  })

  const wrong: [string, string, PublishOptions | undefined, string][] = [
    ['a name that is none', 'a b', undefined, 'INVALID_TOPIC'],
    ['a delay that cannot be kept', 't', { delay: 5 }, 'UNSUPPORTED'],
    ['a priority that there is not', 't', { priority: 3 }, 'UNSUPPORTED'],
    ['a dedupeId that nobody heeds', 't', { dedupeId: 'x' }, 'UNSUPPORTED'],
    ['a ttl that is no time', 't', { ttl: -1 }, 'BAD_OPTION'],
    ['a timeout that is no time', 't', { timeout: 0 }, 'BAD_OPTION'],
  ]
  test.each(wrong)('%s is told before anything is sent', async (_, topic, options, code) => {
    const { driver, broker } = made()

    await expect(broker.publish(topic, message('a'), options)).rejects.toMatchObject({ code })

    expect(driver.written).toEqual([])
  })

  test('a payload over the limit, a thing that is no message, and bad metadata are told by their own codes', async () => {
    const { broker } = made()

    await expect(broker.publish('t', message('x'.repeat(1025)))).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(broker.publish('t', { payload: 'x' } as never)).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' })
    const spread = { ...message('a'), metadata: { 'millrace-id': 'x' } }
    await expect(broker.publish('t', spread)).rejects.toMatchObject({ code: 'INVALID_METADATA' })
  })
})

describe('asking for what is not there', () => {
  const none = { groups: false, patterns: false, broadcast: false, leases: false, replays: false } as const

  test.each([
    ['a group', 't', { group: 'g' }],
    ['everything for everyone', 't', {}],
    ['a pattern', pattern('*'), { group: 'g' }],
  ])('%s is UNSUPPORTED', async (_, topic, options) => {
    await expect(made(none).broker.subscribe(topic, options)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test.each([
    [{ from: 'earliest' as const }, 'UNSUPPORTED'],
    [{ from: { after: '1' } }, 'UNSUPPORTED'],
    [{ lease: 5 }, 'UNSUPPORTED'],
    [{ prefetch: 0 }, 'BAD_OPTION'],
    [{ maxDeliveries: 0 }, 'BAD_OPTION'],
    [{ backoff: { base: -1 } }, 'BAD_OPTION'],
    [{ group: 'x'.repeat(41) }, 'INVALID_TOPIC'],
    [{ deadLetter: 'no good' }, 'INVALID_TOPIC'],
  ])('%j is %s', async (options, code) => {
    const { broker } = made({ replays: false })

    await expect(broker.subscribe('t', { group: 'g', ...options })).rejects.toMatchObject({ code })
  })

  test('a driver that is none is told by what it lacks', () => {
    const whole = new ScriptedDriver(virtualClock())
    const without = (name: string) =>
      new Proxy(whole, { get: (at, key) => (key === name ? undefined : Reflect.get(at, key)) })

    for (const name of ['open', 'declare', 'write', 'attach', 'close', 'capabilities'])
      expect(() => broker(without(name))).toThrow(
        expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(`driver.${name}`) as string }),
      )
    for (const none of [undefined, null, {}])
      expect(() => broker(none as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  test('an optional method is absent, and says so by being undefined', () => {
    const { broker } = made()

    expect('transaction' in broker && typeof broker['transaction']).not.toBe('function')
    expect('lag' in broker && typeof broker['lag']).not.toBe('function')
  })
})

describe('the connection', () => {
  test('open rejects with what trying again cannot mend', async () => {
    const { driver, broker } = made()
    driver.failOpen.push(new MillraceError('SERVER_TOO_OLD', 'it is 0.9'))

    await expect(broker.open()).rejects.toMatchObject({ code: 'SERVER_TOO_OLD' })
  })

  test('a wait for it that ends says what keeps it away', async () => {
    const { clock, driver, broker } = made()
    driver.failOpen.push(...Array.from({ length: 1000 }, disconnected))
    const abort = new AbortController()
    const open = broker.open()
    const aborted = broker.open({ signal: abort.signal })
    const publish = broker.publish('t', message('a'), { timeout: 500 })
    for (const one of [open, aborted, publish]) one.catch(() => undefined)

    await clock.advance(500)
    abort.abort(new Error('no time'))
    await clock.advance(30_000)

    const why = expect.stringContaining(disconnected().message) as string
    await expect(open).rejects.toMatchObject({ code: 'TIMEOUT', message: why, cause: { code: 'DISCONNECTED' } })
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', message: why, cause: { message: 'no time' } })
    await expect(publish).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      message: why,
      failures: [{ outcome: 'refused', error: { code: 'TIMEOUT', message: why } }],
    })
  })

  test('however many wait, one attempt runs at a time', async () => {
    const { driver, broker } = made()

    await Promise.all([broker.open(), broker.declare('t'), broker.publish('t', message('a')), broker.subscribe('t')])

    expect(driver.opened).toBe(1)
  })

  test('a driver that tells of a lost connection is opened again before anybody asks, and health says so', async () => {
    const clock = virtualClock()
    let lost: (error: Error) => void = () => undefined
    const driver = Object.assign(new ScriptedDriver(clock), { watch: (tell: typeof lost) => void (lost = tell) })
    const own = broker(driver, { reconnect: () => 100 })
    lost(disconnected()) // nothing stood: it changes nothing
    await turn()
    const states = [own.health().state]
    await own.open()
    driver.failOpen.push(disconnected())

    lost(disconnected())
    lost(disconnected())
    await turn()
    states.push(own.health().state)
    expect(own.health().lastError).toMatchObject({ code: 'DISCONNECTED' })
    await clock.advance(100)
    states.push(own.health().state)
    await own.close()
    lost(disconnected())
    await turn()

    expect(states).toEqual(['idle', 'down', 'up'])
    expect([driver.opened, clock.pending]).toEqual([3, 0])
  })

  test('what cannot be opened again stays down until somebody asks', async () => {
    const clock = virtualClock()
    let lost: (error: Error) => void = () => undefined
    const driver = Object.assign(new ScriptedDriver(clock), { watch: (tell: typeof lost) => void (lost = tell) })
    const own = broker(driver)
    await own.open()
    driver.failOpen.push(new MillraceError('AUTH', 'no more'))

    lost(disconnected())
    await turn()

    expect([own.health().state, own.health().lastError]).toMatchObject(['down', { code: 'AUTH' }])
    await own.open()
    expect(own.health().state).toBe('up')
    await own.close()
  })

  test('health tells the state without asking anybody', async () => {
    const { clock, driver, broker } = made()
    const states = [broker.health().state]
    await broker.open()
    states.push(broker.health().state)
    const subscription = await broker.subscribe('t')
    driver.source.deliver('a', 'b')
    expect(broker.health().inFlight).toBe(2)
    driver.failOpen.push(...Array.from({ length: 9 }, disconnected))
    driver.source.sink.down(disconnected())
    await turn()
    states.push(broker.health().state)
    await clock.advance(100_000)
    states.push(broker.health().state)
    await subscription.close()
    await broker.close()
    states.push(broker.health().state)

    expect(states).toEqual(['idle', 'up', 'down', 'up', 'closed'])
  })
})

describe('closing', () => {
  test('waits for publishes under way, closes every subscription, then the driver, once', async () => {
    const { driver, broker } = made()
    const subscription = await broker.subscribe('t')
    let accept: (failures: readonly []) => void = () => undefined
    driver.answers.push(() => new Promise(resolve => (accept = resolve)))
    const publish = broker.publish('t', message('a'))

    const closing = Promise.all([broker.close(), broker.close()])
    await turn()
    expect(driver.closed).toBe(0)
    accept([])

    await Promise.all([publish, closing])
    expect(driver.closed).toBe(1)
    expect(await subscription.closed).toBeUndefined()
  })

  test('a handler at work may still publish while its subscription drains', async () => {
    const { driver, broker } = made()
    const subscription = await broker.subscribe('t')
    driver.source.deliver('a')
    const delivery = await subscription.receive()

    const closing = broker.close()
    await turn()
    await broker.publish('out', message('b'))
    delivery.ack()
    await closing

    expect(driver.written).toEqual([{ topic: 'out', texts: ['b'] }])
  })

  test('afterwards everything is CLOSED', async () => {
    const { clock, broker } = made()
    await broker.open()
    await broker.close()

    for (const call of [
      () => broker.open(),
      () => broker.declare('t'),
      () => broker.publish('t', message('a')),
      () => broker.subscribe('t'),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'CLOSED' })
    expect(clock.pending).toBe(0)
  })
})

import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { Delivery, Subscriber, Subscription } from '../../src/contract.ts'
import { MillraceError } from '../../src/errors.ts'
import { captureLogger, silent } from '../../src/logger.ts'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { Router } from '../../src/router/router.ts'
import { signals } from '../../src/router/signals.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { everything, mill, turns } from './kit.ts'

/** A handler that ends when it is told to. */
function slow() {
  const running: { text: string; signal: AbortSignal; end: (error?: Error) => void }[] = []
  const handler = (one: Parameters<typeof text>[0], { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise((resolve, reject) =>
      running.push({ text: text(one), signal, end: error => (error ? reject(error) : resolve()) }),
    )
  return { running, handler }
}

describe('running', () => {
  test('run resolves with the report when the router has closed', async () => {
    const router = new Router({ logger: silent })
    router.handle('h', { subscriber: memory(), topic: 't' }, () => undefined)
    const run = router.run()
    await router.running
    expect(router.state).toBe('running')

    const report = await router.close()

    expect(await run).toEqual(report)
    expect(report).toEqual({ released: 0, unfinished: 0, handlers: { h: { released: 0, unfinished: 0 } } })
    expect(router.state).toBe('closed')
  })

  test('the signal closes it', async () => {
    const router = new Router({ logger: silent })
    const stop = new AbortController()
    router.handle('h', { subscriber: memory(), topic: 't' }, () => undefined)
    const run = router.run({ signal: stop.signal })
    await router.running

    stop.abort()

    expect(await run).toMatchObject({ unfinished: 0 })
  })

  test('a signal that was aborted before starts nothing', async () => {
    const router = new Router({ logger: silent })
    const broker = memory()
    router.handle('h', { subscriber: broker, topic: 't' }, () => undefined)

    expect(await router.run({ signal: AbortSignal.abort() })).toMatchObject({ released: 0 })
    await expect(router.running).rejects.toMatchObject({ code: 'CLOSED' })
    expect(broker.topics()).toEqual([])
  })

  test('it runs once', async () => {
    await using m = mill()
    await m.run()

    await expect(m.router.run()).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await m.router.close()
    expect(() => m.router.handle('late', { subscriber: m.broker, topic: 't' }, () => undefined)).toThrow(
      expect.objectContaining({ code: 'CLOSED' }),
    )
  })

  test('handlers can be added, stopped, removed and added again while it runs', async () => {
    await using m = mill()
    await m.run()
    const seen: string[] = []
    const add = (mark: string) =>
      m.router.handle('h', { subscriber: m.broker, topic: 't' }, one => void seen.push(mark + text(one)))
    const first = add('1')
    await first.started
    await m.publish('t', 'a')

    expect(await first.stop()).toEqual({ released: 0, unfinished: 0 })
    expect(await first.stopped).toBeUndefined()
    await m.publish('t', 'b')
    expect(() => add('x')).toThrow("'h'")
    await first.remove()
    await add('2').started
    await turns()

    expect(seen).toEqual(['1a', '2b'])
    expect(m.router.state).toBe('running')
  })

  test('a handler that is stopped before it started never starts', async () => {
    await using m = mill()
    const handle = m.router.handle('h', { subscriber: m.broker, topic: 't' }, () => undefined)

    await handle.stop()
    await expect(m.run()).rejects.toMatchObject({ code: 'CLOSED' })

    await expect(handle.started).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('one handler that is stopped leaves the publisher to the others', async () => {
    await using m = mill()
    const spec = { subscriber: m.broker, publishTopic: 'out' }
    const one = m.router.handle('one', { ...spec, topic: 'a' }, () => message('1'))
    m.router.handle('two', { ...spec, topic: 'b' }, () => message('2'))
    await m.run()

    await one.stop()
    await m.publish('b', 'x')

    expect((await everything(m.broker, 'out')).map(({ message }) => text(message))).toEqual(['2'])
    expect(m.broker.health().state).toBe('up')
  })
})

describe('close', () => {
  test('takes nothing more in, lets the work in hand end and settle, and leaves its signal alone', async () => {
    await using m = mill()
    const { running, handler } = slow()
    m.router.handle('h', { subscriber: m.broker, topic: 't', publishTopic: 'out' }, async (one, context) => {
      await handler(one, context)
      return message(`out ${text(one)}`)
    })
    await m.run()
    await m.publish('t', 'a', 'b', 'c')

    const closing = m.router.close({ timeout: 5000 })
    await m.clock.advance(4000)
    expect(running.map(({ text, signal }) => [text, signal.aborted])).toEqual([['a', false]])
    running[0]?.end()

    expect(await closing).toMatchObject({ unfinished: 0 })
    expect(m.router.stats['h']).toMatchObject({ received: 1, acked: 1 })
    expect(await everything(m.broker, 'out')).toHaveLength(1)
    const next = await m.broker.subscribe('t', { group: 'h' })
    expect([text((await next.receive()).message), (await next.receive()).attempt]).toEqual(['b', 1])
  })

  test('after its time it aborts what is in hand, gives it back, and says what was left', async () => {
    await using m = mill()
    const { running, handler } = slow()
    m.router.handle('polite', { subscriber: m.broker, topic: 'p' }, async (one, context) => {
      const work = handler(one, context)
      context.signal.addEventListener('abort', () => running[0]?.end(context.signal.reason as Error))
      await work
    })
    m.router.handle('deaf', { subscriber: m.broker, topic: 'd' }, () => new Promise<void>(() => undefined))
    await m.run()
    await m.publish('p', 'a')
    await m.publish('d', 'b')

    const closing = m.router.close({ timeout: 5000 })
    await m.clock.advance(5000)

    expect(await closing).toEqual({
      released: 2,
      unfinished: 1,
      handlers: { polite: { released: 1, unfinished: 0 }, deaf: { released: 1, unfinished: 1 } },
    })
    expect(running[0]?.signal.reason).toMatchObject({ code: 'CLOSED' })
    const next = await m.broker.subscribe('p', { group: 'polite' })
    expect((await next.receive()).attempt).toBe(1)
  })

  test('does not wait for retries, places or twins: what only waits is given back, not counted as failed', async () => {
    await using m = mill()
    const spec = { subscriber: m.broker, topic: 't' }
    const fail = () => Promise.reject(new Error('no'))
    let calls = 0
    const once = () => {
      if (++calls === 1) throw new Error('no')
    }
    const key = { key: () => 'same' }
    m.router.handle('retry', { ...spec, retry: { base: 20_000, jitter: 'none' } }, fail)
    m.router.handle('throttle', { ...spec, throttle: { rate: 1, per: 60_000 }, retry: { base: 0 } }, once)
    m.router.batch('batch', { ...spec, batch: { size: 1 }, retry: { base: 20_000, jitter: 'none' } }, fail)
    m.router.handle(
      'twin',
      { ...spec, dedupe: { ...key, store: { claim: () => 'busy', confirm() {}, release() {} } } },
      fail,
    )
    await m.run()
    await m.publish('t', 'a')
    await m.clock.advance(10)

    const report = await m.router.close({ timeout: 30_000 })

    expect(report).toMatchObject({ released: 4, unfinished: 0 })
    expect(m.router.stats['retry']).toMatchObject({ released: 1, nacked: 0, rejected: 0 })
    expect(m.clock.pending).toBe(0)
  })

  test('is the same close however often, and hurries when told to', async () => {
    await using m = mill()
    m.router.handle('deaf', { subscriber: m.broker, topic: 'd' }, () => new Promise<void>(() => undefined))
    await m.run()
    await m.publish('d', 'a')

    const slowly = m.router.close({ timeout: 60_000 })
    await m.clock.advance(10)
    const quickly = m.router.close({ timeout: 0 })
    await m.clock.advance(1)

    expect(await slowly).toEqual(await quickly)
    expect(await m.router.close()).toMatchObject({ unfinished: 1 })
    expect(m.clock.pending).toBe(0)
  })

  test('from inside a handler ends after that handler', async () => {
    await using m = mill()
    let closing: Promise<unknown> | undefined
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, () => void (closing = m.router.close()))
    await m.run()

    await m.publish('t', 'a')

    expect(await closing).toMatchObject({ released: 0, unfinished: 0 })
    expect(m.router.stats['h']?.acked).toBe(1)
  })

  test('awaited inside a handler does not hang for ever: the time ends it', async () => {
    await using m = mill()
    let report: unknown
    m.router.handle('h', { subscriber: m.broker, topic: 't' }, async () => {
      report = await m.router.close({ timeout: 1000 })
    })
    await m.run()
    await m.publish('t', 'a')

    await m.clock.advance(1000)
    await turns()

    expect(report).toMatchObject({ released: 1, unfinished: 1 })
  })

  test('leaves no timer and no listener', async () => {
    const m = mill()
    m.router.handle(
      'h',
      {
        subscriber: m.broker,
        topic: 't',
        timeout: 10_000,
        retry: {},
        throttle: { rate: 2, per: 1000 },
        breaker: {},
        dedupe: {},
        concurrency: 4,
      },
      async (one, { signal }) => {
        if (text(one) === 'a') throw new Error('no')
        expect(signal.aborted).toBe(false)
        await Promise.resolve()
      },
    )
    await m.run()
    await m.publish('t', 'a', 'b', 'c', 'd')

    await m.router.close({ timeout: 0 })
    await m.broker.close({ timeout: 0 })
    await turns()

    expect(m.clock.pending).toBe(0)
  })

  test('without ever having run is done at once', async () => {
    const router = new Router({ logger: silent })
    router.handle('h', { subscriber: memory(), topic: 't' }, () => undefined)

    expect(await router.close()).toMatchObject({ released: 0 })
    expect(await router.run()).toMatchObject({ released: 0 })
  })
})

test('a plugin that throws keeps the router from running and leaves nothing of the others', async () => {
  const router = new Router({ logger: silent })
  let undone = false
  router.plugin(() => () => void (undone = true))
  router.plugin(() => {
    throw new Error('no')
  })

  await expect(router.run()).rejects.toThrow('no')
  await expect(router.running).rejects.toThrow('no')
  expect([undone, router.state]).toEqual([true, 'closed'])
})

describe('signals', () => {
  test('the first drains, the second cuts short, and nothing listens afterwards', async () => {
    await using m = mill()
    const source = new EventEmitter()
    m.router.plugin(signals({ source, timeout: 60_000 }))
    m.router.handle('deaf', { subscriber: m.broker, topic: 'd' }, () => new Promise<void>(() => undefined))
    const run = m.router.run()
    await m.router.running
    await m.publish('d', 'a')

    source.emit('SIGTERM')
    await m.clock.advance(1000)
    expect(m.router.state).toBe('closing')
    source.emit('SIGINT')
    await m.clock.advance(1)

    expect(await run).toMatchObject({ unfinished: 1 })
    expect(source.eventNames()).toEqual([])
  })
})

/** A subscriber whose subscriptions do as they are told. */
function scripted(
  behave: (subscription: { end: (error: Error | undefined) => void; calls: number }) => Promise<Delivery>,
) {
  let subscribed = 0
  let received = 0
  const capabilities = memory().capabilities
  const subscriber: Subscriber = {
    capabilities,
    subscribe: () => {
      subscribed++
      const { promise: closed, resolve: end } = Promise.withResolvers<Error | undefined>()
      const subscription: Partial<Subscription> = {
        tryReceive: () => undefined,
        receive: () => behave({ end, calls: ++received }),
        on: () => () => undefined,
        closed,
        close: () => {
          end(undefined)
          return Promise.resolve({ released: 0 })
        },
      }
      return Promise.resolve(subscription as Subscription)
    },
  }
  return {
    subscriber,
    get subscribed() {
      return subscribed
    },
    get received() {
      return received
    },
  }
}

describe('a source', () => {
  test('that is dead is subscribed to again with growing waits: no turn of the loop is spent on it in between', async () => {
    const clock = virtualClock()
    const logger = captureLogger()
    const source = scripted(({ end }) => {
      const error = new MillraceError('DISCONNECTED', 'gone')
      end(error)
      return Promise.reject(error)
    })
    const router = new Router({ logger, clock })
    router.handle('h', { subscriber: source.subscriber, topic: 't' }, () => undefined)
    const run = router.run()
    await router.running

    await turns(1000)
    expect([source.subscribed, source.received]).toEqual([1, 1])
    await clock.advance(600_000)

    // Waits of up to 100, 200, 400 … 30,000 ms, drawn evenly: about forty in ten minutes, hundreds if they did not grow.
    expect(source.subscribed).toBeGreaterThan(10)
    expect(source.subscribed).toBeLessThan(150)
    await router.close()
    await run
    expect(clock.pending).toBe(0)
    expect(router.state).toBe('closed')
  })

  test('whose receive fails while it lives is asked again after a wait, and the router lives on', async () => {
    const clock = virtualClock()
    const source = scripted(() => Promise.reject(new Error('hiccup')))
    const router = new Router({ logger: silent, clock })
    router.handle('h', { subscriber: source.subscriber, topic: 't' }, () => undefined)
    router.run().catch(() => undefined)
    await router.running

    await turns(1000)
    expect(source.received).toBe(1)
    await clock.advance(600_000)

    expect(source.subscribed).toBe(1)
    expect(source.received).toBeGreaterThan(10)
    expect(source.received).toBeLessThan(150)
    expect(router.state).toBe('running')
    await router.close()
  })

  test('that cannot be had yet is waited for', async () => {
    const clock = virtualClock()
    const broker = memory({ clock })
    let tries = 0
    const subscriber: Subscriber = {
      capabilities: broker.capabilities,
      subscribe: (topic, options) =>
        ++tries < 4 ? Promise.reject(new MillraceError('DISCONNECTED', 'not yet')) : broker.subscribe(topic, options),
    }
    const router = new Router({ logger: silent, clock })
    router.handle('h', { subscriber, topic: 't' }, () => undefined)
    router.run().catch(() => undefined)

    await clock.advance(10_000)
    await router.running

    expect(tries).toBe(4)
    await router.close()
  })

  test('that cannot be had does not keep a router from closing', async () => {
    const clock = virtualClock()
    const subscriber: Subscriber = {
      capabilities: memory().capabilities,
      subscribe: () => Promise.reject(new MillraceError('DISCONNECTED', 'never')),
    }
    const router = new Router({ logger: silent, clock })
    router.handle('h', { subscriber, topic: 't' }, () => undefined)
    const run = router.run()
    await clock.advance(1000)

    await router.close()

    expect(await run).toMatchObject({ released: 0, unfinished: 0 })
    expect(clock.pending).toBe(0)
  })

  test('that is closed for good ends its handler, and the last one ends the router', async () => {
    const clock = virtualClock()
    const [one, other] = [memory({ clock }), memory({ clock })]
    const router = new Router({ logger: silent, clock })
    const first = router.handle('one', { subscriber: one, topic: 't' }, () => undefined)
    router.handle('other', { subscriber: other, topic: 't' }, () => undefined)
    const run = router.run()
    await router.running

    await one.close()
    await clock.advance(60_000)
    expect(await first.stopped).toMatchObject({ code: 'CLOSED' })
    expect(router.state).toBe('running')
    await other.close()
    await clock.advance(60_000)

    expect(await run).toMatchObject({ unfinished: 0 })
  })

  test('that is busy leaves turns to timers and IO', async () => {
    const broker = memory()
    const router = new Router({ logger: silent })
    let handled = 0
    let handledAtFirstTurn = 0
    router.handle('h', { subscriber: broker, topic: 't', subscribe: { prefetch: 10_000 } }, () => void handled++)
    await broker.declare('t', { group: 'h' })
    await broker.publish(
      't',
      Array.from({ length: 5000 }, () => message('x')),
    )
    router.run().catch(() => undefined)
    await router.running
    setImmediate(() => (handledAtFirstTurn = handled))

    await turns(50)

    expect(handled).toBe(5000)
    expect(handledAtFirstTurn).toBeLessThan(2000)
    await router.close()
    await broker.close()
  })
})

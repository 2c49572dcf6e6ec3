import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import type { HandlerEvent, ProcessEvent, PublishEvent, SettleEvent } from '../src/telemetry.ts'
import { telemetry } from '../src/telemetry.ts'
import { message, text } from '../src/message.ts'
import { everything, mill } from './router/kit.ts'

test('those who follow see each delivery from its start to its end, outputs inside it, and how it was settled', async () => {
  await using m = mill()
  const seen: string[] = []
  const on = {
    process: {
      start: ({ context }: ProcessEvent) => void seen.push(`start ${text(context.delivery.message)}`),
      end: () => void seen.push('end'),
      asyncStart: () => undefined,
      asyncEnd: () => void seen.push('async end'),
      error: ({ error }: ProcessEvent) => void seen.push(`error ${(error as Error).message}`),
    },
    publish: {
      start: (event: PublishEvent) => void seen.push(`publish ${event.topic} ${event.messages.length}`),
    },
    settle: (event: unknown) => void seen.push((event as SettleEvent).outcome),
  }
  telemetry.process.subscribe(on.process)
  telemetry.publish.subscribe(on.publish as Parameters<typeof telemetry.publish.subscribe>[0])
  telemetry.settle.subscribe(on.settle)
  m.router.handle('h', { subscriber: m.broker, topic: 't', publishTopic: 'out' }, async one => {
    await Promise.resolve()
    if (text(one) === 'b') throw new Error('no')
    return message('x')
  })
  await m.run()

  await m.publish('t', 'a')
  await m.publish('t', 'b')

  telemetry.process.unsubscribe(on.process)
  telemetry.publish.unsubscribe(on.publish as Parameters<typeof telemetry.publish.subscribe>[0])
  telemetry.settle.unsubscribe(on.settle)
  expect(seen.join(', ')).toBe(
    'start a, end, publish out 1, async end, acked, start b, end, error no, async end, nacked',
  )
})

test('a store bound to the start holds for the handler, and a listener adds metadata to what is published', async () => {
  await using m = mill()
  const store = new AsyncLocalStorage<ProcessEvent>()
  const inject = (event: unknown): void => {
    const published = event as PublishEvent
    published.messages = published.messages.map(one => ({ ...one, metadata: { ...one.metadata, trace: '1' } }))
  }
  telemetry.process.start.bindStore(store)
  telemetry.publish.start.subscribe(inject)
  const seen: (string | undefined)[] = []
  m.router.handle('h', { subscriber: m.broker, topic: 't', publishTopic: 'out' }, async () => {
    await Promise.resolve()
    seen.push(store.getStore()?.context.handler)
    return message('x')
  })
  await m.run()

  await m.publish('t', 'a')

  telemetry.process.start.unbindStore(store)
  telemetry.publish.start.unsubscribe(inject)
  expect(seen).toEqual(['h'])
  expect((await everything(m.broker, 'out')).map(one => one.message.metadata)).toEqual([{ trace: '1' }])
})

test('a batch is followed as one, and a breaker tells its changes', async () => {
  await using m = mill()
  const seen: string[] = []
  const start = (event: unknown): void =>
    void seen.push((event as ProcessEvent).context.deliveries.map(one => text(one.message)).join('+'))
  const listen = (event: unknown): void => void seen.push((event as HandlerEvent).what)
  telemetry.process.start.subscribe(start)
  telemetry.handler.subscribe(listen)
  m.router.batch(
    'h',
    { subscriber: m.broker, topic: 't', batch: { size: 2, within: 10 }, breaker: { failures: 1, cooldown: 1000 } },
    () => Promise.reject(new Error('no')),
  )
  await m.run()

  await m.publish('t', 'a', 'b')
  await m.clock.advance(10)

  telemetry.process.start.unsubscribe(start)
  telemetry.handler.unsubscribe(listen)
  expect(seen).toEqual(['started', 'a+b', 'breaker-open'])
})

test('handlers tell when they start, retry, time out and stop', async () => {
  await using m = mill()
  const seen: string[] = []
  const listen = (event: unknown): void => void seen.push((event as HandlerEvent).what)
  telemetry.handler.subscribe(listen)
  m.router.handle(
    'h',
    { subscriber: m.broker, topic: 't', timeout: 10, retry: { attempts: 2, base: 1 }, redeliver: { attempts: 1 } },
    (_, { signal }) =>
      new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  )
  await m.run()

  await m.publish('t', 'a')
  await m.clock.advance(50)
  await m.router.close({ timeout: 0 })

  telemetry.handler.unsubscribe(listen)
  expect(seen).toEqual(['started', 'timed-out', 'retrying', 'timed-out', 'stopping', 'stopped'])
})

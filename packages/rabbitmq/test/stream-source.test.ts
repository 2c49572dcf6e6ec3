import { EventEmitter } from 'node:events'
import type { Channel, ConsumeMessage } from 'amqplib'
import type { Raw, Sink } from 'millrace/adapter'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startAt } from '../src/stream-place.ts'
import { StreamSource } from '../src/stream-source.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What of a channel a reader of streams needs; it answers `checkExchange` when it is told to. */
class FakeChannel extends EventEmitter {
  readonly acked: number[] = []
  answer = (): void => undefined
  #arrive = (_from: ConsumeMessage): void => undefined
  #tag = 0

  consume(_queue: string, arrive: (from: ConsumeMessage) => void): Promise<{ consumerTag: string }> {
    this.#arrive = arrive
    return Promise.resolve({ consumerTag: 'one' })
  }

  checkExchange(): Promise<void> {
    return new Promise(resolve => (this.answer = resolve))
  }

  ack({ fields }: ConsumeMessage): void {
    this.acked.push(fields.deliveryTag)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  arrive(offset: number): void {
    const fields = { deliveryTag: ++this.#tag, exchange: '', routingKey: 't', redelivered: false, consumerTag: 'one' }
    const properties = { headers: { 'x-stream-offset': offset } }
    this.#arrive({ fields, properties, content: Buffer.from('x') } as unknown as ConsumeMessage)
  }
}

async function reading(after: string) {
  const channel = new FakeChannel()
  const taken: string[] = []
  const told: string[] = []
  const sink: Sink = {
    deliver: (batch: readonly Raw[]) => void taken.push(...batch.map(({ position }) => position ?? '')),
    ready: () => false,
    lost: () => undefined,
    gap: why => void told.push(why),
    down: () => void told.push('down'),
  }
  const source = new StreamSource(channel as unknown as Channel, sink)
  await source.consume('millrace/t', 't', startAt({ after }, 't', { only: true, now: 0 }))
  source.request(10)
  return { channel, source, taken, told }
}

test('what is settled comes first, to show that the stream has it, and is not handed over again', async () => {
  const { channel, source, taken, told } = await reading('7')

  for (const offset of [7, 8, 9]) channel.arrive(offset)
  await vi.advanceTimersByTimeAsync(60_000)

  expect(taken).toEqual(['8', '9'])
  expect(channel.acked).toEqual([1])
  expect(told).toEqual([])
  expect(source.position()).toBe('7')
})

test('a stream that has nothing where it was read before is read from its start, after a gap', async () => {
  const { channel, source, told } = await reading('7')

  await vi.advanceTimersByTimeAsync(5_000)
  channel.answer()
  await vi.advanceTimersByTimeAsync(1_000)

  expect(told).toEqual([expect.stringContaining('ends before offset 8'), 'down'])
  expect(source.position()).toBe('-1')
})

test('a slow server is no gap: what it sent before its answer shows what the stream has', async () => {
  const { channel, source, taken, told } = await reading('7')

  await vi.advanceTimersByTimeAsync(60_000)
  channel.arrive(7)
  channel.arrive(8)
  channel.answer()
  await vi.advanceTimersByTimeAsync(60_000)

  expect(taken).toEqual(['8'])
  expect(told).toEqual([])
  expect(source.position()).toBe('7')
})

test('a stream from which nothing was read may be empty for as long as it likes', async () => {
  const { told } = await reading('-1')

  await vi.advanceTimersByTimeAsync(60_000)

  expect(told).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('a reader that is stopped no longer waits for its stream', async () => {
  const { source } = await reading('7')

  await source.stop(AbortSignal.timeout(5_000))

  expect(vi.getTimerCount()).toBe(0)
})

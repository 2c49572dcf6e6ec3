import { expect, test } from 'vitest'
import { isMillraceError, message, text, topic, transformSubscriber } from '../../src/index.ts'
import type { Context } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'
import { fakeContext, fakeDelivery } from '../../src/testing/index.ts'

test('a delivery remembers how it was settled', () => {
  const delivery = fakeDelivery(message('x'), { attempt: 3, topic: 'orders' })

  expect(delivery.nack({ delay: 500 })).toBe(true)

  expect(delivery.settlement).toEqual({ is: 'nack', delay: 500 })
  expect(delivery).toMatchObject({ topic: 'orders', attempt: 3, redelivered: true })
  expect(isMillraceError(delivery.signal.reason, 'SETTLED')).toBe(true)
})

test('the same settlement twice is nothing, another one throws', () => {
  const delivery = fakeDelivery(message('x'))
  delivery.ack()

  expect(delivery.ack()).toBe(true)
  expect(() => delivery.reject()).toThrow(expect.objectContaining({ code: 'SETTLED' }))
  expect(delivery.settlement).toEqual({ is: 'ack' })
})

test('what is said of a lost delivery counts for nothing', async () => {
  const delivery = fakeDelivery(message('x'))

  delivery.lose()

  expect(delivery.ack()).toBe(false)
  expect(delivery.settlement).toBeUndefined()
  expect(isMillraceError(delivery.signal.reason, 'LOST')).toBe(true)
  await expect(delivery.extend()).rejects.toMatchObject({ code: 'LOST' })
})

test.each(['ack', 'nack', 'reject', 'release', 'extend'] as const)(
  '%s that was taken off its delivery is refused by a fake one, a real one and a changed one alike',
  async method => {
    const broker = memory()
    const plain = await broker.subscribe('t', { group: 'g' })
    const changed = await transformSubscriber(broker, one => one).subscribe('t', { group: 'h' })
    await broker.publish('t', message('a'))
    const deliveries = [fakeDelivery(message('a')), await plain.receive(), await changed.receive()]

    for (const delivery of deliveries) {
      const taken = Reflect.get(delivery, method) as () => unknown
      const refused = (async () => taken())()
      await expect(refused).rejects.toMatchObject({ code: 'BAD_OPTION' })
      await expect(refused).rejects.toThrow(`delivery.${method}()`)
      expect(delivery.signal.aborted).toBe(false)
    }

    await broker.close({ timeout: 0 })
  },
)

test('a lease is extended by at least what was asked for', async () => {
  const delivery = fakeDelivery(message('x'), { lease: 1_000 })

  expect(await delivery.extend()).toBe(1_000)
  expect(await delivery.extend(5_000)).toBe(5_000)
  expect(delivery.extensions).toEqual([undefined, 5_000])
})

test('a handler is called with nothing around it', async () => {
  const Audit = topic<{ of: string }>('audit')
  const ship = async (order: { id: string }, context: Context): Promise<void> => {
    await context.publish(Audit, { of: order.id })
    await context.publish('raw', message('x'), { delay: 10 })
    context.logger.log('info', 'shipped')
  }
  const context = fakeContext(fakeDelivery(message('{}')), { handler: 'ship' })

  await ship({ id: '7' }, context)

  expect(context.published.map(one => [one.topic, text(one.message)])).toEqual([
    ['audit', '{"of":"7"}'],
    ['raw', 'x'],
  ])
  expect(context.published[1]?.options).toEqual({ delay: 10 })
  expect(context.logger.lines.map(line => line.text)).toEqual(['shipped'])
})

test('an attempt can be ended, as by a timeout', () => {
  const context = fakeContext(fakeDelivery(message('x')))

  context.abort()

  expect(isMillraceError(context.signal.reason, 'TIMEOUT')).toBe(true)
})

test('a fake delivery takes no delay that a real one refuses', () => {
  const delivery = fakeDelivery(message('x'))

  for (const delay of [-1, Number.NaN, '5' as never])
    expect(() => delivery.nack({ delay })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  expect(delivery.settlement).toBeUndefined()
  expect(delivery.nack({ delay: 5 })).toBe(true)
})

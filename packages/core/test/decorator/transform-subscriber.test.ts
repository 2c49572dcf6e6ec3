import { expect, test } from 'vitest'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { transformSubscriber } from '../../src/decorator/transform-subscriber.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

const shout = (one: Parameters<typeof text>[0]) => ({ ...one, payload: Buffer.from(text(one).toUpperCase()) })

test('every way of receiving hands over the changed message, and settles the real one', async () => {
  const broker = memory()
  const loud = transformSubscriber(broker, shout)
  const subscription = await loud.subscribe('t', { group: 'g' })
  await broker.publish(
    't',
    ['a', 'b', 'c', 'd'].map(one => message(one)),
  )

  const seen: string[] = []
  const take = (one: { message: Parameters<typeof text>[0]; ack(): boolean } | undefined): void => {
    if (one && one.ack()) seen.push(text(one.message))
  }
  take(await subscription.receive())
  take(subscription.tryReceive())
  for await (const one of subscription) {
    take(one)
    break
  }
  for await (const batch of subscription.batches({ size: 1 })) {
    for (const one of batch) take(one)
    break
  }

  expect(seen).toEqual(['A', 'B', 'C', 'D'])
  expect(await subscription.close()).toEqual({ released: 0 })
  await broker.close()
})

test('a redelivery in this process brings the very same changed message', async () => {
  const clock = virtualClock()
  const broker = memory({ clock })
  const subscription = await transformSubscriber(broker, shout).subscribe('t', { group: 'g', redelivery: 'process' })
  await broker.publish('t', message('a'))
  const first = await subscription.receive()

  first.nack({ delay: 100 })
  await clock.advance(100)
  const second = await subscription.receive()

  expect([second.attempt, second.message === first.message]).toEqual([2, true])
  await subscription.close({ timeout: 0 })
  await broker.close()
})

test('a message that cannot be changed fails its delivery and the next one comes', async () => {
  const clock = virtualClock()
  const broker = memory({ clock })
  const picky = transformSubscriber(broker, one => {
    if (text(one) === 'bad') throw new Error('no')
    return one
  })
  const subscription = await picky.subscribe('t', { group: 'g', maxDeliveries: 1, deadLetter: 'dead' })
  const dead = await broker.subscribe('dead')
  await broker.publish('t', [message('bad'), message('good')])

  expect(text((await subscription.receive()).message)).toBe('good')
  expect(text((await dead.receive()).message)).toBe('bad')
  await broker.close({ timeout: 0 })
})

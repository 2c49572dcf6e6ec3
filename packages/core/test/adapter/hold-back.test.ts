import { expect, test } from 'vitest'
import { HandedDelivery } from '../../src/adapter/delivery.ts'
import type { Holder } from '../../src/adapter/delivery.ts'
import { HoldBack } from '../../src/adapter/hold-back.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { raw } from './scripted-driver.ts'

const nobody = {} as Holder

function held(...texts: string[]) {
  const clock = virtualClock()
  const due: string[] = []
  const holdBack = new HoldBack(clock, ({ message }) => due.push(message.id))
  const deliveries = texts.map(text => new HandedDelivery(raw(text), 1, nobody, 0))
  return { clock, due, holdBack, deliveries }
}

test('each waits its own time, and the shorter overtakes the longer', async () => {
  const { clock, due, holdBack, deliveries } = held('slow', 'quick')

  for (const [i, delivery] of deliveries.entries()) holdBack.hold(delivery, i === 0 ? 200 : 100)
  await clock.advance(100)
  expect([due, holdBack.size]).toEqual([['quick'], 1])
  await clock.advance(100)

  expect([due, holdBack.size]).toEqual([['quick', 'slow'], 0])
})

test('what is taken back does not come, and leaves no timer', async () => {
  const { clock, due, holdBack, deliveries } = held('a', 'b')
  for (const delivery of deliveries) holdBack.hold(delivery, 100)

  const taken = holdBack.take(({ message }) => message.id === 'a')
  await clock.advance(100)

  expect(taken.map(({ message }) => message.id)).toEqual(['a'])
  expect([due, clock.pending]).toEqual([['b'], 0])
})

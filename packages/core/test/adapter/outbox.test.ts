import { expect, test } from 'vitest'
import type { Settlement, Source } from '../../src/adapter/driver.ts'
import { Outbox } from '../../src/adapter/outbox.ts'
import { settled } from '../../src/testing/virtual-clock.ts'
import { disconnected, raw } from './scripted-driver.ts'

function settlement(text: string, outcome: Settlement['outcome'] = 'ack'): Settlement {
  return { raw: raw(text), outcome, delay: 0, attempt: 1, why: undefined }
}

function boxed(most: number, answer: () => void | Promise<void> = () => undefined) {
  const batches: string[][] = []
  const freed: number[] = []
  const failures: unknown[] = []
  const outbox = new Outbox({ most, sent: count => freed.push(count), failed: error => failures.push(error) })
  const settle: Source['settle'] = batch => {
    batches.push(batch.map(({ raw }) => raw.message!.id)) // scripted raws have messages
    return answer()
  }
  outbox.connect({ settle, pause: () => undefined, stop: () => Promise.resolve() })
  return { outbox, batches, freed, failures }
}

test('settlements are sent when there are many, and at the end of the turn', async () => {
  const { outbox, batches, freed } = boxed(2)

  for (const text of ['a', 'b', 'c']) outbox.add(settlement(text))
  expect(batches).toEqual([['a', 'b']])
  await settled()

  expect(batches).toEqual([['a', 'b'], ['c']])
  expect(freed).toEqual([2, 1])
})

test('what is held is told, and frees no room', async () => {
  const { outbox, batches, freed } = boxed(10)

  outbox.add(settlement('a', 'hold'))
  await outbox.flush()

  expect([batches, freed]).toEqual([[['a']], []])
})

test('flush waits for the answers, and tells the first failure once', async () => {
  let answered = false
  const { outbox, failures } = boxed(1, async () => {
    await settled()
    answered = true
    throw disconnected()
  })
  outbox.add(settlement('a'))

  await expect(outbox.flush()).rejects.toMatchObject({ code: 'DISCONNECTED' })
  expect(answered).toBe(true)
  expect(failures).toHaveLength(1)
  await expect(outbox.flush()).resolves.toBeUndefined()
})

test('a source that throws is one that fails', async () => {
  const { outbox, failures } = boxed(1, () => {
    throw disconnected()
  })

  outbox.add(settlement('a'))

  expect(failures).toHaveLength(1)
  await expect(outbox.flush()).rejects.toMatchObject({ code: 'DISCONNECTED' })
})

test('what was decided for a source that is gone is not sent to the next', async () => {
  const { outbox, batches } = boxed(10)
  outbox.add(settlement('stale'))

  outbox.connect(undefined)
  await outbox.flush()

  expect(batches).toEqual([])
})

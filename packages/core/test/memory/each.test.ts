import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { message, text } from '../../src/index.ts'
import { memory } from '../../src/memory/index.ts'

const texts = (...all: string[]) => all.map(one => message(one))

test('one after another, in order, whether the handler waits or not', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const seen: string[] = []
  let busy = 0
  const done = subscription.each(async delivery => {
    expect(++busy).toBe(1)
    if (seen.length % 2 === 0) await turn()
    seen.push(text(delivery.message))
    busy--
    if (seen.length === 6) void subscription.close()
  })
  await broker.publish('t', texts('1', '2', '3'))
  for (const one of texts('4', '5', '6')) await broker.publish('t', one)
  await done
  expect(seen).toEqual(['1', '2', '3', '4', '5', '6'])
  expect(broker.statistics()).toMatchObject({ acked: 6, delivered: 6, pending: 0 })
})

test("the handler never runs within the publisher's call", async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  let handled = 0
  void subscription.each(() => void handled++)
  await turn()
  const published = broker.publish('t', message('x'))
  expect(handled).toBe(0)
  await published
  await turn()
  expect(handled).toBe(1)
})

test('an abort while it waits ends it, and takes nothing from others', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const abort = new AbortController()
  const done = subscription.each(() => expect.unreachable(), { signal: abort.signal })
  await turn()
  abort.abort()
  await done
  await broker.publish('t', message('x'))
  const delivery = await subscription.receive()
  expect(text(delivery.message)).toBe('x')
  delivery.ack()
})

test('an abort in the midst of a handler lets it end, and no other begin', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const abort = new AbortController()
  let handled = 0
  await broker.publish('t', texts('1', '2', '3'))
  await subscription.each(
    async () => {
      abort.abort()
      await turn()
      handled++
    },
    { signal: abort.signal },
  )
  expect(handled).toBe(1)
  expect(broker.statistics()).toMatchObject({ acked: 1, pending: 2 })
})

test('what came in the turn of the close is handled once in all', async () => {
  await using broker = memory()
  const first = await broker.subscribe('t', { group: 'g' })
  let handled = 0
  const done = first.each(() => void handled++)
  await turn()
  const published = broker.publish('t', texts('1', '2'))
  const { released } = await first.close({ timeout: 0 })
  await Promise.all([published, done])
  expect(released).toBe(0)
  const second = await broker.subscribe('t', { group: 'g' })
  for (let delivery = second.tryReceive(); delivery; delivery = second.tryReceive()) {
    handled++
    delivery.ack()
  }
  expect(handled).toBe(2)
  expect(broker.statistics()).toMatchObject({ acked: 2, pending: 0 })
})

test.each([
  ['throws', () => { throw new Error('no') }], // prettier-ignore
  ['rejects', () => Promise.reject(new Error('no'))],
  // oxlint-disable-next-line no-thenable
  ['is a thenable that rejects', () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('no')) }) as Promise<void>], // prettier-ignore
])('a handler that %s has its message again, then goes on', async (_, fail: () => Promise<void>) => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g', backoff: { base: 0, max: 0 } })
  const seen: string[] = []
  const done = subscription.each(delivery => {
    seen.push(`${text(delivery.message)} ${delivery.attempt}`)
    if (text(delivery.message) === 'bad' && delivery.attempt === 1) return fail()
    if (seen.length === 3) void subscription.close()
    return undefined
  })
  await broker.publish('t', texts('bad', 'good'))
  await done
  expect(seen.toSorted()).toEqual(['bad 1', 'bad 2', 'good 1'])
})

test('two loops share a subscription: each message once', async () => {
  await using broker = memory()
  const subscription = await broker.subscribe('t', { group: 'g' })
  const seen: string[] = []
  const count = (who: string) => async (): Promise<void> => {
    seen.push(who)
    await turn()
    if (seen.length === 10) void subscription.close()
  }
  const done = [subscription.each(count('a')), subscription.each(count('b'))]
  await turn()
  for (const one of texts('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')) await broker.publish('t', one)
  await Promise.all(done)
  expect(seen).toHaveLength(10)
  expect(new Set(seen)).toEqual(new Set(['a', 'b']))
})

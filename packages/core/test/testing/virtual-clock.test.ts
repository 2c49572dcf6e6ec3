import { expect, test } from 'vitest'
import { virtualClock } from '../../src/testing/index.ts'

test('timers run in order of their time, then of their making', async () => {
  const clock = virtualClock(0)
  const ran: string[] = []
  clock.after(20, () => ran.push('b'))
  clock.after(10, () => ran.push('a'))
  clock.after(20, () => ran.push('c'))

  await clock.advance(20)

  expect(ran).toEqual(['a', 'b', 'c'])
  expect(clock.now()).toBe(20)
})

test('a timer made by a timer runs in the same advance when it falls due', async () => {
  const clock = virtualClock(0)
  const at: number[] = []
  clock.after(10, () => {
    at.push(clock.now())
    clock.after(5, () => at.push(clock.now()))
  })

  await clock.advance(15)

  expect(at).toEqual([10, 15])
})

test('the next timer is told, background ones apart', () => {
  const clock = virtualClock(0)
  expect(clock.next()).toBeUndefined()
  clock.after(10, () => undefined, { background: true })
  const real = clock.after(30, () => undefined)

  expect(clock.next()).toBe(10)
  expect(clock.next('foreground')).toBe(30)

  real.cancel()
  expect(clock.next('foreground')).toBeUndefined()
  expect(clock.pending).toBe(1)
})

test('a virtual clock moves on by a number of ms, never back', async () => {
  const clock = virtualClock(7)

  for (const wrong of [-1, Number.NaN, Infinity, '5'])
    await expect(clock.advance(wrong as number)).rejects.toMatchObject({ code: 'BAD_OPTION' })

  expect(clock.now()).toBe(7)
})

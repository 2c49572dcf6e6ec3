import { expect, test } from 'vitest'
import type { Clock } from '../../src/clock/clock.ts'
import { Breaker } from '../../src/policy/breaker.ts'
import { Throttle } from '../../src/policy/throttle.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

const HOUR = 3_600_000

/** A machine's clock that somebody sets: its timers run on, as real ones do. */
function settable() {
  const timers = virtualClock()
  let shift = 0
  const clock: Clock = { now: () => timers.now() + shift, after: (delay, run) => timers.after(delay, run) }
  return { clock, timers, set: (by: number) => (shift += by) }
}

test('a throttle whose clock is set back an hour waits its own length at most', async () => {
  const { clock, timers, set } = settable()
  const throttle = new Throttle({ rate: 1, per: 1000 }, clock)
  throttle.tryTake()
  set(-HOUR)

  expect(throttle.delay).toBe(1000)
  const taken = throttle.take()
  await timers.advance(1000)

  await expect(taken).resolves.toBeUndefined()
})

test('an open breaker whose clock is set back an hour lets a probe through', () => {
  const { clock, set } = settable()
  const breaker = new Breaker({ failures: 1, cooldown: 1000 }, clock)
  breaker.failed(breaker.tryEnter()!, new Error('no')) // closed: it lets everything through
  expect(breaker.state).toBe('open')

  set(-HOUR)

  expect(breaker.state).toBe('half-open')
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProcessHold } from '../src/process-hold.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function keeper() {
  return {
    holds: 0,
    hold() {
      this.holds++
    },
    release() {
      this.holds--
    },
  }
}

test('one session is one reason to stay, however often it begins and ends', () => {
  const process = keeper()
  const hold = new ProcessHold(process)

  hold.begin(-1)
  hold.begin(-1)
  expect(process.holds).toBe(1)
  hold.end()
  hold.end()
  expect(process.holds).toBe(0)
})

test('without a limit it is held until the end, with 0 never', () => {
  const process = keeper()

  const hold = new ProcessHold(process)
  hold.begin(-1)
  vi.advanceTimersByTime(3_600_000)
  expect(process.holds).toBe(1)
  new ProcessHold(process).begin(0)
  expect(process.holds).toBe(1)
})

test('patience ends after LINGER since something was sent last', () => {
  const process = keeper()
  const hold = new ProcessHold(process)

  hold.begin(100)
  vi.advanceTimersByTime(80)
  hold.refresh()
  vi.advanceTimersByTime(99)
  expect(process.holds).toBe(1)
  vi.advanceTimersByTime(1)

  expect(process.holds).toBe(0)
  hold.begin(100)
  expect(process.holds, 'something more to send').toBe(1)
  hold.end()
  expect(vi.getTimerCount()).toBe(0)
})

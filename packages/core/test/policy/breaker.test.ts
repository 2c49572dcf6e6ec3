import { describe, expect, test } from 'vitest'
import type { BreakerOptions, BreakerState } from '../../src/policy/breaker.ts'
import { Breaker, breaker } from '../../src/policy/breaker.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { fakeContext } from '../router/kit.ts'

function broken(options: BreakerOptions = {}) {
  const clock = virtualClock()
  const fuse = new Breaker({ failures: 2, cooldown: 1000, ...options }, clock)
  const attempt = (ok: boolean): string => {
    const pass = fuse.tryEnter()
    if (!pass) return 'refused'
    if (ok) fuse.succeeded(pass)
    else fuse.failed(pass, new Error('no'))
    return fuse.state
  }
  return { clock, fuse, attempt }
}

describe('breaker', () => {
  test('opens after so many failures in a row, not in all', () => {
    const { attempt } = broken()

    expect([false, true, false, false].map(attempt)).toEqual(['closed', 'closed', 'closed', 'open'])
    expect(attempt(true)).toBe('refused')
  })

  test('lets a probe through after the cooldown: a success closes it, a failure opens it for another', async () => {
    const { clock, fuse, attempt } = broken()
    attempt(false)
    attempt(false)

    await clock.advance(999)
    expect(attempt(true)).toBe('refused')
    await clock.advance(1)
    expect(attempt(false)).toBe('open')
    await clock.advance(1000)
    expect([fuse.state, attempt(true)]).toEqual(['half-open', 'closed'])
  })

  test('half open it lets through as many as it needs, and closes when all succeeded', async () => {
    const { clock, fuse, attempt } = broken({ probes: 2 })
    attempt(false)
    attempt(false)
    await clock.advance(1000)

    const [one, two, three] = [fuse.tryEnter(), fuse.tryEnter(), fuse.tryEnter()]
    expect(three).toBeUndefined()
    fuse.succeeded(one!)
    expect(fuse.state).toBe('half-open')
    fuse.succeeded(two!)

    expect(fuse.state).toBe('closed')
  })

  test('a result that belongs to an earlier state does not count', async () => {
    const { clock, fuse, attempt } = broken()
    const early = fuse.tryEnter()
    attempt(false)
    attempt(false)
    await clock.advance(1000)
    expect(fuse.state).toBe('half-open')

    fuse.failed(early!, new Error('late'))
    expect(fuse.state).toBe('half-open')
    fuse.succeeded(early!)

    expect(fuse.state).toBe('half-open')
  })

  test('errors that are no failures do not open it', () => {
    const { fuse } = broken({ failure: error => error.name !== 'RangeError' })
    for (let i = 0; i < 5; i++) fuse.failed(fuse.tryEnter()!, new RangeError('mine'))

    expect(fuse.state).toBe('closed')
  })

  test('a trip of one’s own sees the counts, which begin anew after the interval', async () => {
    const { clock, attempt } = broken({
      trip: ({ attempts, failures }) => attempts >= 4 && failures / attempts >= 0.5,
      interval: 5000,
    })

    expect([true, false, true].map(attempt)).toEqual(['closed', 'closed', 'closed'])
    await clock.advance(5000)
    expect([false, true, true].map(attempt)).toEqual(['closed', 'closed', 'closed'])
    expect(attempt(false)).toBe('open')
  })

  test('tells each change once', async () => {
    const changes: [BreakerState, BreakerState][] = []
    const { clock, fuse, attempt } = broken({ onChange: (from, to) => void changes.push([from, to]) })
    attempt(false)
    attempt(false)
    await clock.advance(1000)
    attempt(true)

    expect(changes).toEqual([
      ['closed', 'open'],
      ['open', 'half-open'],
      ['half-open', 'closed'],
    ])
    expect(fuse.state).toBe('closed')
  })

  test('wakes those who wait once it is ready, and leaves no timer when they go', async () => {
    const { clock, fuse, attempt } = broken()
    attempt(false)
    attempt(false)
    const woken: number[] = []
    const start = clock.now()
    fuse.whenReady(() => woken.push(clock.now() - start))
    const cancel = fuse.whenReady(() => woken.push(-1))

    cancel()
    await clock.advance(5000)

    expect(woken).toEqual([1000])
    fuse.whenReady(() => undefined)()
    expect(clock.pending).toBe(0)
  })

  test('wakes those who wait for a probe when that has ended', async () => {
    const { clock, fuse, attempt } = broken()
    attempt(false)
    attempt(false)
    await clock.advance(1000)
    const probe = fuse.tryEnter()
    let woken = false
    fuse.whenReady(() => (woken = true))
    await clock.advance(10_000)
    expect(woken).toBe(false)

    fuse.succeeded(probe!)

    expect(woken).toBe(true)
  })

  test('as middleware it fails what it does not let through, untried', async () => {
    const clock = virtualClock()
    let calls = 0
    const handler = breaker({ failures: 1 })(() => {
      calls++
      return Promise.reject(new Error('no'))
    })

    await expect(handler(1, fakeContext({ clock }))).rejects.toThrow('no')

    expect(() => handler(1, fakeContext({ clock }))).toThrow(expect.objectContaining({ code: 'BREAKER_OPEN' }))
    expect(calls).toBe(1)
  })

  test.each([{ failures: 0 }, { probes: 0 }, { cooldown: 0 }, { interval: 0 }])('refuses %o', options => {
    expect(() => breaker(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

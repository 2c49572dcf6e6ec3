import { expect, test } from 'vitest'
import { Link } from '../../src/adapter/link.ts'
import { MillraceError } from '../../src/errors.ts'
import { settled, virtualClock } from '../../src/testing/virtual-clock.ts'
import { disconnected, ScriptedDriver } from './scripted-driver.ts'

function linked() {
  const clock = virtualClock()
  const driver = new ScriptedDriver(clock)
  return { clock, driver, link: new Link(driver, clock, attempt => attempt * 100, false) }
}

test('opens at first use, once for all who wait, and again only when it is found broken', async () => {
  const { driver, link } = linked()
  expect(link.health).toBe('idle')

  await Promise.all([link.ready(), link.ready()])
  await link.ready()
  expect([driver.opened, link.health]).toEqual([1, 'up'])
  link.broken(disconnected())
  await link.ready()

  expect(driver.opened).toBe(2)
})

test('tries with growing waits until it is up', async () => {
  const { clock, driver, link } = linked()
  driver.failOpen.push(disconnected(), new Error('what has no code counts as a broken link'), disconnected())
  const start = clock.now()
  let up: number | undefined

  void link.ready().then(() => (up = clock.now() - start))
  await clock.advance(1000)

  expect([driver.opened, up]).toEqual([4, 600])
})

test('what trying again cannot mend is told to all who wait, and the next one tries anew', async () => {
  const { driver, link } = linked()
  driver.failOpen.push(new MillraceError('AUTH', 'wrong password'))

  await expect(link.ready()).rejects.toMatchObject({ code: 'AUTH' })
  await expect(link.ready()).resolves.toBeUndefined()

  expect(driver.opened).toBe(2)
})

test('an abort ends the wait, not the attempt', async () => {
  const { clock, driver, link } = linked()
  driver.failOpen.push(disconnected())
  const abort = new AbortController()
  const waiting = link.ready(abort.signal)
  await settled()

  abort.abort()

  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
  await clock.advance(100)
  expect(link.up).toBe(true)
})

test('a close ends every wait and every attempt', async () => {
  const { clock, driver, link } = linked()
  driver.failOpen.push(disconnected(), disconnected())
  const waiting = link.ready()
  await settled()

  link.close()

  await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(link.ready()).rejects.toMatchObject({ code: 'CLOSED' })
  await clock.advance(10_000)
  expect([driver.opened, clock.pending]).toEqual([1, 0])
})

import { expect, test } from 'vitest'
import { StreamSense } from '../../src/router/stream-sense.ts'
import { settled } from '../../src/testing/virtual-clock.ts'

/** So many waits that each ended in the turn they began in. */
function hasty(sense: StreamSense, waits: number): boolean {
  for (let i = 0; i < waits; i++) {
    if (sense.dry()) return true
    sense.woken()
  }
  return sense.dry()
}

test('many waits that end in the turn they began in are a stream, few are not', () => {
  expect([hasty(new StreamSense(), 15), hasty(new StreamSense(), 16)]).toEqual([false, true])
})

test('waits that take a turn are none, however many', async () => {
  const sense = new StreamSense()
  for (let i = 0; i < 50; i++) {
    expect(sense.dry()).toBe(false)
    await settled()
    sense.woken()
  }
})

test('a stream goes on while turns bring enough, and is believed less quickly after one that did not', () => {
  const sense = new StreamSense()
  hasty(sense, 16)
  for (let i = 0; i < 4; i++) sense.took()
  expect(sense.dry()).toBe(true)
  sense.took()
  expect(sense.dry()).toBe(false)
  sense.woken()

  expect(hasty(sense, 30)).toBe(false)
  sense.woken()
  expect(sense.dry()).toBe(true)
})

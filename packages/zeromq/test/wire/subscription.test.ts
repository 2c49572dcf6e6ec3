import { expect, test } from 'vitest'
import { encodeSubscription, subscriptionMessage } from '../../src/wire/subscription.ts'

const TOPIC = Uint8Array.of(65)

test.each([
  ['SUBSCRIBE', 'command', [4, 11, 9, ...ascii('SUBSCRIBE'), 65]],
  ['CANCEL', 'command', [4, 8, 6, ...ascii('CANCEL'), 65]],
  ['SUBSCRIBE', 'message', [0, 2, 1, 65]],
  ['CANCEL', 'message', [0, 2, 0, 65]],
  ['JOIN', 'message', [4, 6, 4, ...ascii('JOIN'), 65]],
  ['LEAVE', 'command', [4, 7, 5, ...ascii('LEAVE'), 65]],
] as const)('%s as a %s is one frame', (verb, form, octets) => {
  expect([...encodeSubscription(verb, TOPIC, form)]).toEqual(octets)
})

test('a topic of 255 octets makes a long frame', () => {
  const frame = encodeSubscription('SUBSCRIBE', new Uint8Array(255), 'message')

  expect([...frame.subarray(0, 10)]).toEqual([2, 0, 0, 0, 0, 0, 0, 1, 0, 1])
  expect(frame.length).toBe(9 + 256)
})

test('the empty topic is one octet', () => {
  expect([...subscriptionMessage(true, new Uint8Array(0))]).toEqual([1])
})

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}

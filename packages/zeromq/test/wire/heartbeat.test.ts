import { expect, test } from 'vitest'
import { encodeCommand } from '../../src/wire/command.ts'
import { encodePing, encodePong, pingTtl } from '../../src/wire/heartbeat.ts'

test.each([
  [0, 0],
  [99, 0],
  [100, 100],
  [1999, 1900],
  [6_553_599, 6_553_500],
])('a time to live of %i ms travels as %i ms', (ttl, received) => {
  const ping = encodePing(ttl)

  expect(pingTtl(ping, 0, ping.length)).toBe(received)
})

test('a pong gives the context of its ping back, cut to 16 octets', () => {
  const context = Uint8Array.from({ length: 20 }, (_, i) => i)
  const ping = encodeCommand('PING', Uint8Array.of(0, 1), context)

  const pong = encodePong(ping, 0, ping.length)

  expect([...pong]).toEqual([4, 0x50, 0x4f, 0x4e, 0x47, ...context.subarray(0, 16)])
})

test('a ping without its time to live is malformed', () => {
  const ping = encodeCommand('PING', Uint8Array.of(1))

  expect(pingTtl(ping, 0, ping.length)).toBeUndefined()
})

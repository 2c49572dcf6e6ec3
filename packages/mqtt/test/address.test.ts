import { expect, test } from 'vitest'
import { address } from '../src/address.ts'

test.each([
  ['mqtt://host', { protocol: 'mqtt', host: 'host', port: 1883 }],
  ['mqtts://host', { protocol: 'mqtts', host: 'host', port: 8883 }],
  ['mqtt://[::1]:7', { protocol: 'mqtt', host: '::1', port: 7 }],
  ['mqtt+ws://host/mqtt', { protocol: 'ws', host: 'host', port: 80, path: '/mqtt' }],
  ['mqtt+wss://host', { protocol: 'wss', host: 'host', port: 443, path: '/' }],
  ['mqtt://us%40er:p%3Aw@host', { protocol: 'mqtt', host: 'host', port: 1883, username: 'us@er', password: 'p:w' }],
])('%s is read', (url, options) => {
  expect(address(url)).toEqual(options)
})

test.each(['amqp://user:secret@host', 'mqtt://user:secret@', 'user:secret', 'mqtt://u:secret%ZZ@h', 'mqtt+ws://'])(
  '%s is BAD_OPTION, and the error shows no secret',
  url => {
    expect(() => address(url)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => address(url)).not.toThrow(/secret/)
  },
)

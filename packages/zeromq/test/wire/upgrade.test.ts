import { expect, test } from 'vitest'
import {
  checkAnswer,
  checkRequest,
  encodeAnswer,
  encodeRefusal,
  encodeRequest,
  LONGEST_UPGRADE,
  readHead,
  type HttpHead,
} from '../../src/wire/upgrade.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const REQUEST = encodeRequest({ host: 'localhost:80', path: '/chat?x=1', key: KEY, protocols: 'ZWS2.0/NULL,ZWS2.0' })

test('a request is fit to be upgraded, however slowly it comes', () => {
  for (let end = 0; end < REQUEST.length; end++) expect(readHead(REQUEST, 0, end)).toEqual({ is: 'waiting' })

  expect(checkRequest(headOf(REQUEST))).toEqual({
    path: '/chat?x=1',
    key: KEY,
    protocols: ['ZWS2.0/NULL', 'ZWS2.0'],
  })
})

test('what follows the head is not part of it', () => {
  const octets = Uint8Array.of(9, ...REQUEST, 1, 2, 3)

  const state = readHead(octets, 1, octets.length)

  expect(state).toMatchObject({ is: 'head', head: { size: REQUEST.length } })
})

test('names of headers have no case, and a list may come in several lines', () => {
  const text =
    'GET / HTTP/1.1\r\nUPGRADE: foo\r\nupgrade:WebSocket\r\nConnection: keep-alive, UPGRADE\r\n' +
    `sec-websocket-KEY: ${KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a\r\n` +
    'Sec-WebSocket-Protocol: \t b ,, c \r\n\r\n'

  expect(checkRequest(headOf(text))).toEqual({ path: '/', key: KEY, protocols: ['a', 'b', 'c'] })
})

test.each([
  ['POST', replaced('GET', 'POST'), '400'],
  ['HTTP/1.0', replaced('HTTP/1.1', 'HTTP/1.0'), '400'],
  ['no Upgrade', replaced('Upgrade: websocket\r\n', ''), '426'],
  ['no Connection', replaced('Connection: Upgrade\r\n', ''), '426'],
  ['an old version', replaced('Version: 13', 'Version: 8'), '426'],
  ['a key that is too short', replaced(KEY, 'dGhl'), '400'],
  ['no key', replaced(`Sec-WebSocket-Key: ${KEY}\r\n`, ''), '400'],
])('a request with %s is refused', (_what, text, status) => {
  expect(checkRequest(headOf(text))).toEqual({ status: expect.stringContaining(status) as unknown })
})

test('a refusal says which version would do', () => {
  const head = headOf(encodeRefusal('426 Upgrade Required'))

  expect(head.first).toBe('HTTP/1.1 426 Upgrade Required')
  expect(head.headers.get('sec-websocket-version')).toBe('13')
})

test('an answer names the protocol', () => {
  const answer = encodeAnswer({ accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', protocol: 'ZWS2.0/NULL' })

  expect(checkAnswer(headOf(answer), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')).toEqual({ protocol: 'ZWS2.0/NULL' })
})

test.each([
  ['another status', 'HTTP/1.1 200 OK\r\n\r\n'],
  ['another accept', 'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: y\r\n\r\n'],
  ['no Upgrade', 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n'],
  [
    'an extension',
    'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Extensions: z\r\n\r\n',
  ],
])('an answer with %s is refused', (_what, text) => {
  expect(checkAnswer(headOf(text), 'x')).toHaveProperty('message')
})

test.each([
  ['a line without a colon', 'GET / HTTP/1.1\r\nnonsense\r\n\r\n'],
  ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
  ['a name with a space', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
])('a head with %s cannot be read', (_what, text) => {
  const octets = new TextEncoder().encode(text)

  expect(readHead(octets, 0, octets.length).is).toBe('failed')
})

test('a head that does not end is given up', () => {
  const endless = new Uint8Array(LONGEST_UPGRADE).fill(65)

  expect(readHead(endless, 0, LONGEST_UPGRADE - 1).is).toBe('waiting')
  expect(readHead(endless, 0, LONGEST_UPGRADE).is).toBe('failed')
})

function replaced(from: string, to: string): string {
  const text = new TextDecoder().decode(REQUEST)
  expect(text).toContain(from)
  return text.replace(from, to)
}

function headOf(octets: Uint8Array | string): HttpHead {
  const whole = typeof octets === 'string' ? new TextEncoder().encode(octets) : octets
  const state = readHead(whole, 0, whole.length)
  if (state.is !== 'head') throw new Error('not a head')
  return state.head
}

import { expect, test } from 'vitest'
import { Socks5, type Socks5Request, type Socks5State } from '../../src/wire/socks5.ts'

const PLAIN: Socks5Request = { host: 'example.org', port: 5555, username: '', password: '' }
const NAMED: Socks5Request = { ...PLAIN, username: 'ann', password: 'secret' }
const CONNECT = [5, 1, 0, 3, 11, ...ascii('example.org'), 0x15, 0xb3]
const LOGIN = [1, 3, ...ascii('ann'), 6, ...ascii('secret')]
const DONE = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80]

test.each([
  ['asks for nothing', PLAIN, [5, 0, ...DONE], [[5, 1, 0], CONNECT]],
  ['does not ask though there is a password', NAMED, [5, 0, ...DONE], [[5, 2, 0, 2], CONNECT]],
  ['asks for a password', NAMED, [5, 2, 1, 0, ...DONE], [[5, 2, 0, 2], LOGIN, CONNECT]],
  ['answers with a name', PLAIN, [5, 0, 5, 0, 0, 3, 2, 65, 66, 0, 80], [[5, 1, 0], CONNECT]],
  ['answers with an IPv6 address', PLAIN, [5, 0, 5, 0, 0, 4, ...new Uint8Array(16), 0, 80], [[5, 1, 0], CONNECT]],
])('a proxy that %s connects, octet by octet too', (_what, request, answers, said) => {
  for (const step of [1, answers.length]) {
    const { state, sent } = talk(request, [...answers, 9, 9], step)

    expect(state).toEqual({ is: 'done', used: answers.length })
    expect(sent).toEqual(said)
  }
})

test.each([
  ['IPv4', Uint8Array.of(127, 0, 0, 1), [5, 1, 0, 1, 127, 0, 0, 1, 0x15, 0xb3]],
  ['IPv6', new Uint8Array(16).fill(7), [5, 1, 0, 4, ...new Uint8Array(16).fill(7), 0x15, 0xb3]],
])('an address of %s is sent as octets', (_what, host, expected) => {
  const { sent } = talk({ ...PLAIN, host }, [5, 0], 2)

  expect(sent[1]).toEqual(expected)
})

test.each([
  ['speaks SOCKS 4', PLAIN, [4, 0]],
  ['takes none of the methods', PLAIN, [5, 0xff]],
  ['wants a password that there is not', PLAIN, [5, 2]],
  ['does not know the password', NAMED, [5, 2, 1, 1]],
  ['cannot reach the host', PLAIN, [5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0]],
  ['fails in a way of its own', PLAIN, [5, 0, 5, 99, 0]],
  ['answers with an unknown kind of address', PLAIN, [5, 0, 5, 0, 0, 2, 0]],
  ['answers in another version', PLAIN, [5, 0, 4, 0]],
])('a proxy that %s lets nothing through', (_what, request, answers) => {
  for (const step of [1, answers.length]) expect(talk(request, answers, step).state.is).toBe('failed')
})

function talk(
  request: Socks5Request,
  answers: readonly number[],
  step: number,
): { state: Socks5State; sent: number[][] } {
  const socks = new Socks5(request)
  const octets = Uint8Array.from(answers)
  const sent: number[][] = []
  const say = (): void => {
    for (let part = socks.next(); part !== undefined; part = socks.next()) sent.push([...part])
  }
  say()
  let state: Socks5State = { is: 'waiting' }
  for (let end = step; state.is === 'waiting' && end <= octets.length; end += step) {
    state = socks.read(octets, end)
    say()
  }
  return { state, sent }
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)]
}

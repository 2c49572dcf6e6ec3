import { expect, test } from 'vitest'
import { acceptsPeer, socketTypeOctet, socketTypeOfOctet, type SocketType } from '../../src/wire/socket-type.ts'

const TYPES: readonly SocketType[] = [
  ...(['PAIR', 'PUB', 'SUB', 'REQ', 'REP', 'DEALER', 'ROUTER', 'PULL', 'PUSH', 'XPUB', 'XSUB'] as const),
  ...(['SERVER', 'CLIENT', 'RADIO', 'DISH', 'GATHER', 'SCATTER', 'DGRAM', 'PEER', 'CHANNEL'] as const),
]

test('what one type accepts, accepts it', () => {
  for (const own of TYPES) for (const theirs of TYPES) expect(acceptsPeer(own, theirs)).toBe(acceptsPeer(theirs, own))
})

test('every type has a peer, and none accepts what is no type', () => {
  for (const own of TYPES) {
    expect(TYPES.some(theirs => acceptsPeer(own, theirs))).toBe(true)
    expect(acceptsPeer(own, 'toString')).toBe(false)
    expect(acceptsPeer(own, own.toLowerCase())).toBe(false)
  }
})

test('the octets of ZMTP 2.0 are those of RFC 15', () => {
  expect(TYPES.slice(0, 11).map(socketTypeOctet)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(socketTypeOctet('CLIENT')).toBeUndefined()
  expect(socketTypeOfOctet(8)).toBe('PUSH')
  expect(socketTypeOfOctet(11)).toBeUndefined()
})

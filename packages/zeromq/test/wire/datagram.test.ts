import { expect, test } from 'vitest'
import { NullMechanism } from '../../src/mechanism/null.ts'
import {
  decodeGroupDatagram,
  encodeGroupDatagram,
  impliedHandshake,
  LONGEST_DATAGRAM,
  packPair,
  PairReader,
} from '../../src/wire/datagram.ts'
import { FrameHeader } from '../../src/wire/frame.ts'
import { encodePing } from '../../src/wire/heartbeat.ts'

const GROUP = Uint8Array.of(84, 86)

test('a datagram is the group with its length, then the body', () => {
  const datagram = encodeGroupDatagram(GROUP, Uint8Array.of(1, 2, 3))!

  expect([...datagram]).toEqual([2, 84, 86, 1, 2, 3])
  expect(decodeGroupDatagram(datagram)).toEqual([GROUP, Uint8Array.of(1, 2, 3)])
})

test.each([
  ['is empty', []],
  ['ends within its group', [3, 84, 86]],
])('a datagram that %s is none', (_what, octets) => {
  expect(decodeGroupDatagram(Uint8Array.from(octets))).toBeUndefined()
})

test('a group and a body may be empty', () => {
  expect(decodeGroupDatagram(Uint8Array.of(0))).toEqual([new Uint8Array(0), new Uint8Array(0)])
})

test('what does not fit is no datagram', () => {
  expect(encodeGroupDatagram(GROUP, new Uint8Array(LONGEST_DATAGRAM - 3))).toHaveLength(LONGEST_DATAGRAM)
  expect(encodeGroupDatagram(GROUP, new Uint8Array(LONGEST_DATAGRAM - 2))).toBeUndefined()
  expect(encodeGroupDatagram(new Uint8Array(256), new Uint8Array(0))).toBeUndefined()
})

test('what an engine writes is read as pairs, whatever pieces it comes in', () => {
  const ping = encodePing(0)
  const octets = Buffer.concat([
    new Uint8Array(64).fill(0xff),
    Uint8Array.of(4, ping.length),
    ping,
    packPair(GROUP, Uint8Array.of(1)),
    Uint8Array.of(4, 5, 4, 74, 79, 73, 78),
    packPair(GROUP, new Uint8Array(0)),
    packPair(GROUP, new Uint8Array(300).fill(7)),
  ])

  for (const step of [1, 3, 70, octets.length]) {
    const { pairs, pings } = read(octets, step)
    expect(pings).toBe(1)
    expect(pairs.map(([group, body]) => [group.join(), body.join()])).toEqual([
      ['84,86', '1'],
      ['84,86', ''],
      ['84,86', new Uint8Array(300).fill(7).join()],
    ])
  }
})

test('a message that is not of two frames, or too large, is left out whole', () => {
  const octets = Buffer.concat([
    new Uint8Array(64),
    Uint8Array.of(0, 1, 65),
    Uint8Array.of(1, 1, 65, 1, 1, 66, 0, 1, 67),
    packPair(GROUP, new Uint8Array(LONGEST_DATAGRAM + 1)),
    packPair(GROUP, Uint8Array.of(9)),
  ])

  expect(read(octets, octets.length).pairs).toEqual([[GROUP, Uint8Array.of(9)]])
})

test.each([
  ['RADIO', 'DISH'],
  ['DISH', 'RADIO'],
  ['DGRAM', 'DGRAM'],
] as const)('a mechanism takes the implied %s for a peer of %s', (theirs, own) => {
  const octets = impliedHandshake(theirs)
  const header = new FrameHeader()
  header.read(octets, 64, octets.length)
  const mechanism = new NullMechanism({ socketType: own, routingId: new Uint8Array(0) })

  mechanism.receive(octets, 64 + header.length, octets.length)
  mechanism.next()

  expect(mechanism.state).toMatchObject({ is: 'done', peer: { socketType: theirs } })
})

function read(octets: Uint8Array, step: number): { pairs: [Uint8Array, Uint8Array][]; pings: number } {
  const pairs: [Uint8Array, Uint8Array][] = []
  let pings = 0
  const reader = new PairReader({ pair: (first, second) => pairs.push([first, second]), ping: () => pings++ })
  for (let at = 0; at < octets.length; at += step) reader.write(octets.subarray(at, at + step))
  return { pairs, pings }
}

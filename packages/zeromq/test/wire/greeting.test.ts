import { expect, test } from 'vitest'
import { Greeting, type GreetingOffer, type GreetingState } from '../../src/wire/greeting.ts'

const OFFER: GreetingOffer = {
  mechanism: 'NULL',
  asServer: false,
  socketType: 'DEALER',
  routingIdSize: 2,
  downgrade: true,
}
const SIGNATURE = [0xff, 0, 0, 0, 0, 0, 0, 0, 3, 0x7f]
const PEER_3_1 = [...SIGNATURE, 3, 1, ...padded('NULL', 20), 0, ...zeros(31)]

test('two greetings that are fed to each other octet by octet both find ZMTP 3.1', () => {
  const ends = [new Greeting(OFFER), new Greeting({ ...OFFER, socketType: 'ROUTER' })] as const
  const said: [number[], number[]] = [[], []]
  const heard: [number, number] = [0, 0]
  const states: GreetingState[] = []

  for (let round = 0; round < 200; round++) {
    for (const i of [0, 1] as const) {
      for (let part = ends[i].next(); part !== undefined; part = ends[i].next()) said[i].push(...part)
      const other = said[1 - i]!
      if (heard[i] < other.length) heard[i]++
      states[i] = ends[i].read(Uint8Array.from(other), 0, heard[i])
    }
  }

  expect(states).toEqual([
    { is: 'done', protocol: '3.1', size: 64, peerType: undefined },
    { is: 'done', protocol: '3.1', size: 64, peerType: undefined },
  ])
  expect(said[0]).toEqual(PEER_3_1)
})

test('no more than the signature is said before the peer has said its own', () => {
  const greeting = new Greeting(OFFER)

  expect([...greeting.next()!]).toEqual(SIGNATURE)
  expect(greeting.next()).toBeUndefined()
  greeting.read(Uint8Array.from(SIGNATURE), 0, 9)
  expect(greeting.next()).toBeUndefined()
  greeting.read(Uint8Array.from(SIGNATURE), 0, 10)
  expect([...greeting.next()!]).toEqual([3])
  greeting.read(Uint8Array.from([...SIGNATURE, 3]), 0, 11)
  expect(greeting.next()!.length).toBe(53)
})

test.each([
  ['3.0', 3, 0],
  ['3.1', 3, 1],
  ['3.1', 3, 200],
  ['3.1', 4, 0],
  ['3.1', 2, 0],
] as const)('a peer of ZMTP %s announces itself as %i.%i', (protocol, major, minor) => {
  const greeting = new Greeting(OFFER)
  const peer = Uint8Array.from(PEER_3_1)
  peer[10] = major
  peer[11] = minor

  const state = greeting.read(peer, 0, 64)

  expect(state).toEqual({ is: 'done', protocol, size: 64, peerType: undefined })
})

test('a ZMTP 2.0 peer gets our socket type in the place of the minor version', () => {
  const greeting = new Greeting(OFFER)
  const said: number[] = []
  const peer = Uint8Array.from([...SIGNATURE, 1, 6])

  const state = greeting.read(peer, 0, 12)
  for (let part = greeting.next(); part !== undefined; part = greeting.next()) said.push(...part)

  expect(state).toEqual({ is: 'done', protocol: '2.0', size: 12, peerType: 'ROUTER' })
  expect(said).toEqual([...SIGNATURE, 3, 5])
})

test('a ZMTP 1.0 peer that knows of versions has greeted after 12 octets', () => {
  const state = new Greeting(OFFER).read(Uint8Array.from([...SIGNATURE, 0, 6]), 0, 12)

  expect(state).toEqual({ is: 'done', protocol: '1.0', size: 12, peerType: 'ROUTER' })
})

test.each([
  ['its first octet is a short length', [1, 0]],
  ['its long length is followed by flags without MORE', [0xff, 0, 0, 0, 0, 0, 0, 1, 0, 0]],
])('a ZMTP 1.0 peer without a greeting is known because %s', (_why, octets) => {
  const state = new Greeting(OFFER).read(Uint8Array.from(octets), 0, octets.length)

  expect(state).toEqual({ is: 'done', protocol: '1.0-unversioned', size: 0, peerType: undefined })
})

test.each([
  ['1.0 without a greeting', [1, 0]],
  ['1.0', [...SIGNATURE, 0, 6]],
  ['2.0', [...SIGNATURE, 1, 6]],
])('a socket that demands security refuses a peer of ZMTP %s', (_version, octets) => {
  const state = new Greeting({ ...OFFER, downgrade: false }).read(Uint8Array.from(octets), 0, octets.length)

  expect(state.is).toBe('failed')
})

test('a peer with another mechanism is refused', () => {
  const state = new Greeting({ ...OFFER, mechanism: 'CURVE' }).read(Uint8Array.from(PEER_3_1), 0, 64)

  expect(state).toMatchObject({ is: 'failed', error: 'ZMTP_MECHANISM_MISMATCH' })
})

test('a draft socket cannot talk to a ZMTP 2.0 peer', () => {
  const state = new Greeting({ ...OFFER, socketType: 'SERVER' }).read(Uint8Array.from([...SIGNATURE, 1, 6]), 0, 12)

  expect(state).toMatchObject({ is: 'failed', error: 'ZMTP_UNSPECIFIED' })
})

test('the padding of a signature is not looked at', () => {
  const peer = Uint8Array.from(PEER_3_1)
  peer.fill(0xaa, 1, 9)

  expect(new Greeting(OFFER).read(peer, 0, 64).is).toBe('done')
})

function padded(text: string, size: number): number[] {
  return [...new TextEncoder().encode(text), ...zeros(size - text.length)]
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0)
}

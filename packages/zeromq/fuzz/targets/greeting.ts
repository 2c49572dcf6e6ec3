import { Greeting, GREETING_SIZE, type GreetingOffer, type GreetingState } from '../../src/wire/greeting.ts'
import { must, mutate } from '../mutate.ts'
import type { Target } from '../target.ts'

const OFFERS: readonly GreetingOffer[] = (['NULL', 'PLAIN', 'CURVE'] as const).flatMap(mechanism =>
  (['DEALER', 'SERVER'] as const).map(socketType => ({
    mechanism,
    asServer: false,
    socketType,
    routingIdSize: 3,
    downgrade: mechanism === 'NULL',
  })),
)
const CAPTURES = [...OFFERS.map(whole), Uint8Array.of(...whole(OFFERS[0]!).subarray(0, 10), 1, 6, 0, 2, 65, 66)]

/** Octet by octet or at once: the same verdict, never more than a greeting is used, never more is said than is due. */
export const greeting: Target = {
  name: 'greeting',
  weight: 10,
  run(random) {
    const octets = mutate(random, random.pick(CAPTURES))
    const offer = random.pick(OFFERS)
    const slow = new Greeting(offer)
    let said = drain(slow)
    must(said === 10, 'the signature is said at once')
    let state: GreetingState = { is: 'waiting' }
    let end = 0
    while (state.is === 'waiting' && end <= octets.length) {
      state = slow.read(octets, 0, end++)
      said += drain(slow)
    }
    must(said <= GREETING_SIZE, 'no more is said than a greeting')
    const quick = new Greeting(offer)
    const atOnce = quick.read(octets, 0, octets.length)
    must(atOnce.is === state.is, `octet by octet ${state.is}, at once ${atOnce.is}`)
    if (state.is !== 'done' || atOnce.is !== 'done') return
    must(state.size === atOnce.size && state.protocol === atOnce.protocol, 'the same verdict')
    must(state.size <= octets.length && state.size <= GREETING_SIZE, 'no more is used than came')
    must(offer.downgrade || state.protocol.startsWith('3'), 'nobody gets round security')
  },
}

function drain(one: Greeting): number {
  let size = 0
  for (let part = one.next(); part !== undefined; part = one.next()) size += part.length
  return size
}

function whole(offer: GreetingOffer): Uint8Array {
  const one = new Greeting(offer)
  const peer = new Uint8Array(64)
  peer[0] = 0xff
  peer[9] = 0x7f
  peer[10] = 3
  const parts = [...one.next()!]
  one.read(peer, 0, 64)
  for (let part = one.next(); part !== undefined; part = one.next()) parts.push(...part)
  return Uint8Array.from(parts)
}

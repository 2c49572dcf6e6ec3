import { acceptsPeer, socketTypeOctet, socketTypeOfOctet, type SocketType } from './socket-type.ts'

/** The subprotocols of RFC 45 that are spoken here. Bare `ZWS2.0` has no mechanism: routing ids, then messages, as in ZMTP 2.0. */
export type ZwsProtocol = 'ZWS2.0/NULL' | 'ZWS2.0/PLAIN' | 'ZWS2.0/CURVE' | 'ZWS2.0'

/** What a socket offers, best first. Bare ZWS2.0 has no security, so that it goes with NULL alone. */
export function offeredProtocols(mechanism: 'NULL' | 'PLAIN' | 'CURVE'): readonly ZwsProtocol[] {
  return mechanism === 'NULL' ? ['ZWS2.0/NULL', 'ZWS2.0'] : [`ZWS2.0/${mechanism}`]
}

/** The first of the client's protocols that a server with this mechanism speaks. */
export function chooseProtocol(
  offered: readonly string[],
  mechanism: 'NULL' | 'PLAIN' | 'CURVE',
): ZwsProtocol | undefined {
  const known = offeredProtocols(mechanism)
  for (const protocol of offered) for (const own of known) if (own === protocol) return own
  return undefined
}

/**
 * The greeting that a ZMTP peer would have sent in place of the upgrade: with it the rest of a ZWS connection is ZMTP. Without
 * CURVE libzmq sends subscriptions as messages, which is ZMTP 3.0; with it as commands, which is 3.1. Bare ZWS2.0 is ZMTP 2.0,
 * and since it does not say the peer's socket type, the peer gets one that `own` accepts.
 */
export function impliedGreeting(protocol: ZwsProtocol, own: SocketType): Uint8Array {
  const signature = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]
  if (protocol === 'ZWS2.0') return Uint8Array.of(...signature, 1, acceptedOctet(own))
  const greeting = new Uint8Array(64)
  const mechanism = protocol.slice('ZWS2.0/'.length)
  greeting.set([...signature, 3, mechanism === 'CURVE' ? 1 : 0])
  for (let i = 0; i < mechanism.length; i++) greeting[12 + i] = mechanism.charCodeAt(i)
  return greeting
}

function acceptedOctet(own: SocketType): number {
  for (let octet = 0; ; octet++) {
    const theirs = socketTypeOfOctet(octet)
    // The drafts are unknown to ZMTP 2.0; our own octet makes the engine refuse it in its own words.
    if (theirs === undefined) return socketTypeOctet(own) ?? 0
    if (acceptsPeer(own, theirs)) return octet
  }
}

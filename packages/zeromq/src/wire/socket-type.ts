/**
 * The socket types that ZMTP knows by name (RFC 37 §3; RFC 41, 48, 49, 51, 52 for the drafts).
 * STREAM speaks raw bytes and never a handshake, so that it is not here.
 */
export type SocketType = keyof typeof ACCEPTED_PEERS

/** True when a peer that announces `theirs` may talk to a socket of type `own` (RFC 37, libzmq's `check_socket_type`). */
export function acceptsPeer(own: SocketType, theirs: string): boolean {
  return (ACCEPTED_PEERS[own] as readonly string[]).includes(theirs)
}

/** The octet that names a socket type in a ZMTP 2.0 greeting, or undefined where 2.0 does not know it (RFC 15). */
export function socketTypeOctet(type: SocketType): number | undefined {
  const octet = ZMTP_2_TYPES.indexOf(type)
  return octet < 0 ? undefined : octet
}

/** The socket type that a ZMTP 2.0 greeting's octet names, or undefined when it names none. */
export function socketTypeOfOctet(octet: number): SocketType | undefined {
  return ZMTP_2_TYPES[octet]
}

const ACCEPTED_PEERS = {
  PAIR: ['PAIR'],
  PUB: ['SUB', 'XSUB'],
  SUB: ['PUB', 'XPUB'],
  REQ: ['REP', 'ROUTER'],
  REP: ['REQ', 'DEALER'],
  DEALER: ['REP', 'DEALER', 'ROUTER'],
  ROUTER: ['REQ', 'DEALER', 'ROUTER'],
  PULL: ['PUSH'],
  PUSH: ['PULL'],
  XPUB: ['SUB', 'XSUB'],
  XSUB: ['PUB', 'XPUB'],
  SERVER: ['CLIENT'],
  CLIENT: ['SERVER'],
  RADIO: ['DISH'],
  DISH: ['RADIO'],
  GATHER: ['SCATTER'],
  SCATTER: ['GATHER'],
  DGRAM: ['DGRAM'],
  PEER: ['PEER'],
  CHANNEL: ['CHANNEL'],
} as const

// The index is the octet.
const ZMTP_2_TYPES: readonly SocketType[] = [
  'PAIR',
  'PUB',
  'SUB',
  'REQ',
  'REP',
  'DEALER',
  'ROUTER',
  'PULL',
  'PUSH',
  'XPUB',
  'XSUB',
]

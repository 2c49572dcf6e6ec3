import { decodeMetadata, encodeMetadata } from '../wire/metadata.ts'
import { acceptsPeer } from '../wire/socket-type.ts'
import type { HandshakeFailure, OwnProperties, PeerProperties, ZapVerdict } from './mechanism.ts'

/** Our own properties as the metadata of READY and INITIATE: Socket-Type, then Identity where the type has one, then the application's. */
export function encodeOwnProperties(own: OwnProperties): Uint8Array {
  const properties: [string, Uint8Array][] = [['Socket-Type', new TextEncoder().encode(own.socketType)]]
  // libzmq sends it for these three alone, and then also when it is empty.
  if (own.socketType === 'REQ' || own.socketType === 'DEALER' || own.socketType === 'ROUTER') {
    properties.push(['Identity', own.routingId])
  }
  if (own.metadata !== undefined) properties.push(...own.metadata)
  return encodeMetadata(properties)
}

/** Reads the peer's metadata and checks that our socket types may talk (RFC 37 §3.3.1). A missing Socket-Type is let pass, as by libzmq. */
export function readPeer(
  own: OwnProperties,
  buffer: Uint8Array,
  start: number,
  end: number,
): PeerProperties | HandshakeFailure {
  const properties = decodeMetadata(buffer, start, end)
  if (properties === undefined) return invalid('the peer sent metadata that cannot be read')
  const routingId = properties.get('Identity') ?? EMPTY
  if (routingId.length > 255)
    return invalid(`the peer sent a routing id of ${routingId.length} octets, at most 255 are allowed`)
  const type = properties.get('Socket-Type')
  const socketType = type === undefined ? undefined : new TextDecoder().decode(type)
  if (socketType !== undefined && !acceptsPeer(own.socketType, socketType)) {
    return invalid(`a ${own.socketType} socket cannot talk to the peer's ${JSON.stringify(socketType)}`)
  }
  return { socketType, routingId, properties }
}

/** True for what `readPeer` answers when the peer's properties are refused. */
export function isFailure(result: PeerProperties | HandshakeFailure): result is HandshakeFailure {
  return 'is' in result
}

/** Adds what the ZAP handler said: its User-Id, and its metadata under names that the peer did not use itself. */
export function withUser(peer: PeerProperties, verdict: ZapVerdict | undefined): PeerProperties {
  if (verdict?.is !== 'reply' || verdict.status !== 200) return peer
  const properties = new Map(peer.properties)
  // A peer must not be able to name its own user.
  properties.delete('User-Id')
  if (verdict.userId !== '') properties.set('User-Id', new TextEncoder().encode(verdict.userId))
  for (const [name, value] of verdict.metadata) if (!properties.has(name)) properties.set(name, value)
  return { ...peer, properties }
}

const EMPTY = new Uint8Array(0)

function invalid(message: string): HandshakeFailure {
  return { is: 'protocol', error: 'ZMTP_INVALID_METADATA', message }
}

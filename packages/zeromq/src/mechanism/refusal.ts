import { commandName, decodeError, encodeError } from '../wire/command.ts'
import type { ProtocolError } from '../wire/protocol-error.ts'
import type { HandshakeFailure, ZapVerdict } from './mechanism.ts'

/** A failure that the peer caused by not keeping to the protocol. */
export function protocolFailure(error: ProtocolError, message: string): HandshakeFailure {
  return { is: 'protocol', error, message }
}

/** What a command means that was not the one we waited for: the peer's ERROR, or one out of place. */
export function unexpected(buffer: Uint8Array, start: number, end: number): HandshakeFailure {
  const name = commandName(buffer, start, end)
  if (name !== 'ERROR') {
    return protocolFailure('ZMTP_UNEXPECTED_COMMAND', `the peer sent ${JSON.stringify(name ?? '')} out of turn`)
  }
  const reason = decodeError(buffer, start, end)
  if (reason === undefined) return protocolFailure('ZMTP_MALFORMED_ERROR', 'the peer sent an ERROR that cannot be read')
  const status = STATUSES.find(known => String(known) === reason)
  if (status !== undefined) return { is: 'auth', status, message: `the peer refused us with status ${reason}` }
  return { is: 'no-detail', message: `the peer refused us: ${JSON.stringify(reason)}` }
}

/**
 * Why a verdict refuses, or undefined where it lets the peer in. `required`: without a handler nobody gets in.
 * `token` is an ERROR for the peer: sent for 400 and 500, held back for 300 (the peer tries again) and when the handler failed.
 */
export function refusal(
  verdict: ZapVerdict,
  required: boolean,
): { readonly failure: HandshakeFailure; readonly token: Uint8Array | undefined } | undefined {
  if (verdict.is === 'invalid') {
    return { failure: protocolFailure(verdict.error, 'the ZAP handler sent a reply that is not ZAP'), token: undefined }
  }
  if (verdict.is === 'absent') {
    if (!required) return undefined
    return { failure: { is: 'no-detail', message: 'there is no ZAP handler to ask' }, token: undefined }
  }
  if (verdict.status === 200) return undefined
  const { status, text } = verdict
  return {
    failure: {
      is: 'auth',
      status,
      message: `the ZAP handler refused the peer with ${status}${text ? `: ${text}` : ''}`,
    },
    token: status === 300 ? undefined : encodeError(String(status)),
  }
}

const STATUSES = [300, 400, 500] as const

import { errorNumber } from './errors.ts'
import type { HandshakeFailure } from './mechanism/mechanism.ts'
import type { MonitorEvent } from './monitor.ts'
import { PROTOCOL_ERRORS } from './wire/protocol-error.ts'

/** The monitor's event for a handshake that failed. */
export function handshakeFailed(
  failure: HandshakeFailure,
  ends: { readonly endpoint: string; readonly local: string; readonly remote: string },
): MonitorEvent {
  const detail = failure.message
  switch (failure.is) {
    case 'protocol':
      return { type: 'HANDSHAKE_FAILED_PROTOCOL', value: PROTOCOL_ERRORS[failure.error], detail, ...ends }
    case 'auth':
      return { type: 'HANDSHAKE_FAILED_AUTH', value: failure.status, detail, ...ends }
    case 'no-detail':
      return { type: 'HANDSHAKE_FAILED_NO_DETAIL', value: errorNumber('EFAULT'), detail, ...ends }
  }
}

/// <reference types="node" preserve="true" />
import type { Context } from './context.ts'
import { coreOfContext } from './context.ts'
import { decodeZ85, encodeZ85 } from './curve.ts'
import type { OptionInput, OptionName } from './options.ts'
import { optionRow } from './options.ts'
import { ZmqError } from './errors.ts'
import { internals, type WaitOptions } from './socket.ts'
import type { Socket } from './sockets.ts'
import { Waiter } from './waiter.ts'
import type { Authenticator } from './zap.ts'

export { curveClients, plainUsers } from './authenticators.ts'
export { curvePublicKey } from './curve.ts'
export { ZmqError, type ErrorCode } from './errors.ts'
export type { ProxyStatistics, Traffic } from './forwarding.ts'
export type { OptionInput, OptionName } from './options.ts'
export { Channel, Peer, type PeerRoutingOptions } from './peer.ts'
export { QueuedSender } from './queued-sender.ts'
export { receiveFrom, type Received, type Sender } from './receive-from.ts'
export { steer, type Steering, type SteeringOptions } from './steering.ts'
export type { Admission, Authenticator, Candidate } from './zap.ts'

/**
 * Has a callback decide who may connect to the sockets of a context, instead of the handler at `inproc://zeromq.zap.01`
 * (RFC 27); null: that handler again. NULL asks where `zapDomain` is set, PLAIN and CURVE always.
 */
export function authenticate(context: Context, authenticator: Authenticator | null): void {
  coreOfContext(context).zap.use(authenticator ?? undefined)
}

/**
 * Ends a context: its sockets can only be closed, all else fails with ETERM; resolves when all are closed and have lingered.
 * `signal` ends the wait, not the end of the context.
 */
export function terminate(context: Context, { signal }: WaitOptions = {}): Promise<void> {
  const ended = coreOfContext(context).terminate()
  if (signal === undefined) return ended
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  const waiter = new Waiter<void>(() => {})
  waiter.bound(-1, () => new ZmqError('EAGAIN'), signal)
  void ended.then(() => waiter.settle())
  return waiter.promise
}

/**
 * The first half of `terminate`: sockets cannot be made any more, and those that there are can only be closed: what waits on
 * them fails with ETERM, and so does what is asked of them from now on (zmq_ctx_shutdown(3)).
 */
export function shutdown(context: Context): void {
  coreOfContext(context).shutdown()
}

/** Sets an option by its name in the options table, also where the `zeromq` package has no property. Throws EINVAL. */
export function setOption(socket: Socket, name: OptionName, value: OptionInput): void {
  internals(socket).settings.set(optionRow(name).id, value)
}

/** The value of an option by its name in the options table. Throws EINVAL. */
export function getOption(socket: Socket, name: OptionName): OptionInput {
  return internals(socket).settings.get(optionRow(name).id)
}

/** Messages that a socket dropped because its time to linger was over, or their connection was. */
export function droppedMessages(socket: Socket): number {
  return internals(socket).dropped
}

/** Z85 of octets (RFC 32). Throws RangeError when they are no multiple of four. */
export function z85Encode(octets: Uint8Array): string {
  return encodeZ85(octets)
}

/** The octets of a Z85 text (RFC 32). Throws RangeError when it is none. */
export function z85Decode(text: string): Uint8Array {
  const octets = decodeZ85(text)
  if (octets === undefined) throw new RangeError('This is no Z85')
  return octets
}

import { constants } from 'node:os'

/** What libzmq says for a code, where the `zeromq` package does not say it better; the table of all codes that we use. */
const MESSAGES = {
  EAGAIN: 'Operation was not possible or timed out',
  EBADF: 'Socket is closed',
  EBUSY: 'Socket is busy',
  EFAULT: 'Context is closed',
  EMFILE: 'Too many open file descriptors',
  ENOENT: 'No such endpoint',
  EADDRINUSE: 'Address already in use',
  EINVAL: 'Invalid argument',
  ENODEV: 'No such device',
  ENOTSUP: 'Operation not supported',
  ENOTSOCK: 'Socket operation on non-socket',
  EHOSTUNREACH: 'Host unreachable',
  EPROTONOSUPPORT: 'Protocol not supported',
  EMSGSIZE: 'Message too long',
  ENAMETOOLONG: 'File name too long',
  EACCES: 'Permission denied',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EPIPE: 'Broken pipe',
  EFSM: 'Operation cannot be accomplished in current state',
  ENOCOMPATPROTO: 'The protocol is not compatible with the socket type',
  ETERM: 'Context was terminated',
  EMTHREAD: 'No thread available',
} as const

/** libzmq's codes for what can go wrong. EAGAIN, EBUSY and ETIMEDOUT may succeed when tried again. */
export type ErrorCode = keyof typeof MESSAGES

// ZMQ_HAUSNUMERO and the codes that only ZeroMQ has.
const OWN_NUMBERS: Readonly<Record<string, number>> = {
  EFSM: 156384763,
  ENOCOMPATPROTO: 156384764,
  ETERM: 156384765,
  EMTHREAD: 156384766,
}

/** Every error of this package: `code` is the name, `errno` the number that libzmq uses on this platform. */
export class ZmqError extends Error {
  readonly code: string
  readonly errno: number
  /** The endpoint that was asked for, where there was one. */
  declare readonly address?: string

  constructor(code: string, options: { message?: string; address?: string; cause?: unknown } = {}) {
    const message = options.message ?? (MESSAGES as Readonly<Record<string, string>>)[code] ?? code
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errno = errorNumber(code)
    if (options.address !== undefined) this.address = options.address
    // As the `zeromq` package: an Error with a code, not a class of its own to the eye.
    Object.defineProperty(this, 'name', { value: 'Error', enumerable: false })
  }

  /** The error with this number. */
  static ofNumber(errno: number): ZmqError {
    const own = Object.keys(OWN_NUMBERS).find(code => OWN_NUMBERS[code] === errno)
    const code = own ?? Object.entries(constants.errno).find(([, number]) => number === errno)?.[0]
    return new ZmqError(code ?? `E${errno}`)
  }
}

/** The number of a code, 0 where the platform has none. */
export function errorNumber(code: string): number {
  return OWN_NUMBERS[code] ?? (constants.errno as Readonly<Record<string, number>>)[code] ?? 0
}

/** Any error as one of ours, keeping its code. */
export function asZmqError(error: unknown, address?: string): ZmqError {
  if (error instanceof ZmqError) return error
  const code = (error as { code?: unknown } | undefined)?.code
  const known = typeof code === 'string' && code in MESSAGES ? code : 'EINVAL'
  return new ZmqError(known, { ...(address === undefined ? {} : { address }), cause: error })
}

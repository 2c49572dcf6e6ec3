import { ZmqError } from './errors.ts'
import { Forwarding } from './forwarding.ts'
import { Socket as Base, internals } from './socket.ts'
import type { Socket } from './sockets.ts'

/** Passes messages between two sockets, both ways, until it is terminated; it closes both in the end. */
export class Proxy<F extends Socket = Socket, B extends Socket = Socket> {
  readonly #frontEnd: F
  readonly #backEnd: B
  #forwarding: Forwarding

  constructor(frontEnd: F, backEnd: B) {
    if (!isSocket(frontEnd)) throw new TypeError('Front-end must be a socket object')
    if (!isSocket(backEnd)) throw new TypeError('Back-end must be a socket object')
    this.#frontEnd = frontEnd
    this.#backEnd = backEnd
    this.#forwarding = new Forwarding(internals(frontEnd), internals(backEnd))
  }

  get frontEnd(): F {
    return this.#frontEnd
  }

  get backEnd(): B {
    return this.#backEnd
  }

  /** Resolves after `terminate`. Throws EINVAL unless both sockets are bound or connected, in the same context. */
  run(): Promise<void> {
    checkEnds(this.#frontEnd, this.#backEnd)
    return this.#forwarding.run()
  }

  /** Passes nothing on until `resume`. Throws EBADF while it does not run. */
  pause(): void {
    this.#forwarding.pause()
  }

  /** Throws EBADF while it does not run. */
  resume(): void {
    this.#forwarding.resume()
  }

  /** Ends it and closes both sockets. Throws EBADF while it does not run. */
  terminate(): void {
    this.#forwarding.terminate()
  }
}

/** Throws EINVAL unless both sockets are bound or connected, in the same context. */
export function checkEnds(frontEnd: Socket, backEnd: Socket): void {
  if (frontEnd.closed || internals(frontEnd).endpoints.count === 0) throw unbound('Front-end')
  if (backEnd.closed || internals(backEnd).endpoints.count === 0) throw unbound('Back-end')
  if (frontEnd.context !== backEnd.context) {
    throw new ZmqError('EINVAL', { message: 'Front-end and back-end sockets must belong to the same context' })
  }
}

function unbound(end: string): ZmqError {
  return new ZmqError('EINVAL', { message: `${end} socket must be bound or connected` })
}

function isSocket(value: unknown): boolean {
  return value instanceof Base
}

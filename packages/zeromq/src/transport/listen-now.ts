import * as net from 'node:net'
import { getSystemErrorName } from 'node:util'
import { TransportError } from './transport-error.ts'

/** A server's handle inside Node. */
interface Handle {
  listen(backlog: number): number
  close(): void
}

type CreateHandle = (address: string, port: number, family: 4 | 6 | -1) => Handle | number

/**
 * Lets a server listen before this returns. `server.listen` does so for a path, but looks every host up first, also a
 * numeric one, and tells failures later; Node's own cluster module makes handles by the same function. Throws libzmq's
 * codes, and ENOTSUP where the function is not there (Bun, Deno).
 */
export function listenNow(
  server: net.Server,
  where: { host: string; port: number } | { path: string },
  backlog: number,
): void {
  const create = (net as unknown as { _createServerHandle?: CreateHandle })._createServerHandle
  if (create === undefined) throw new TransportError('ENOTSUP', 'this runtime cannot bind synchronously: use bind()')
  if ('path' in where) return listenAtPath(server, where.path, backlog, create)
  const handle = create(where.host, where.port, net.isIPv6(where.host) ? 6 : 4)
  if (typeof handle === 'number') throw failure(handle)
  // An address in use is told by listen(), not by bind().
  const status = handle.listen(backlog)
  if (status !== 0) {
    handle.close()
    throw failure(status)
  }
  server.listen(handle)
}

function listenAtPath(server: net.Server, path: string, backlog: number, create: CreateHandle): void {
  // It is thrown below.
  const ignore = (): void => {}
  server.on('error', ignore)
  server.listen({ path, backlog, exclusive: true })
  if (server.listening) {
    server.off('error', ignore)
    return
  }
  const again = create(path, -1, -1)
  if (typeof again === 'number') throw failure(again)
  again.close()
  throw new TransportError('EINVAL', `cannot listen at ${path}`)
}

function failure(status: number): TransportError {
  const name = getSystemErrorName(status)
  return new TransportError(name, `cannot listen: ${name}`)
}

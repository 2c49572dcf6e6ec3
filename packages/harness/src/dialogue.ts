import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { HarnessError } from './error.ts'

/** One short talk with a server over a plain socket, for readiness calls: say something, take what is answered. */
export interface Dialogue {
  say(bytes: Uint8Array | string): void
  /** The next `size` bytes. Rejects `PROTOCOL` where the server closes first. */
  take(size: number): Promise<Buffer>
  /** Up to and without the next CR LF. */
  line(): Promise<string>
}

/** Connects to 127.0.0.1, lets `talk` speak, and closes. Rejects with the socket's error, or `PROTOCOL` when `timeout` milliseconds are over. */
export async function dialogue<T>(
  port: number,
  talk: (server: Dialogue) => Promise<T>,
  { timeout = 5_000 }: { timeout?: number } = {},
): Promise<T> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(timeout, () => socket.destroy(new HarnessError('PROTOCOL', `no answer within ${timeout} ms`)))
  try {
    const server = over(socket)
    await server.connected
    return await talk(server)
  } finally {
    socket.destroy()
  }
}

function over(socket: Socket): Dialogue & { readonly connected: Promise<void> } {
  let held: Buffer = Buffer.alloc(0)
  let ended: Error | undefined
  let wake: () => void = () => undefined
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('data', chunk => {
    held = Buffer.concat([held, chunk])
    wake()
  })
  socket.on('error', error => {
    ended ??= error
    wake()
  })
  socket.on('close', () => {
    ended ??= new HarnessError('PROTOCOL', 'the server closed the connection')
    wake()
  })

  async function until(found: () => number): Promise<Buffer> {
    let size = found()
    while (size < 0) {
      if (ended) throw ended
      await new Promise<void>(resolve => (wake = resolve))
      size = found()
    }
    const taken = held.subarray(0, size)
    held = held.subarray(size)
    return taken
  }

  return {
    connected,
    say: bytes => void socket.write(bytes),
    take: size => until(() => (held.length >= size ? size : -1)),
    line: async () => {
      const whole = await until(() => {
        const at = held.indexOf('\r\n')
        return at < 0 ? -1 : at + 2
      })
      return whole.toString('utf8', 0, whole.length - 2)
    },
  }
}

// What the tests use of the npm package `ws`, which brings no types.
declare module 'ws' {
  import type { EventEmitter } from 'node:events'
  import type { IncomingMessage, Server } from 'node:http'
  import type { Duplex } from 'node:stream'

  export class WebSocket extends EventEmitter {
    static readonly OPEN: number
    readonly readyState: number
    /** Not documented: whether it is the server's end, which does not mask. */
    _isServer: boolean
    constructor(address: null, protocols?: undefined, options?: object)
    constructor(address: string, protocols?: string | string[])
    readonly protocol: string
    send(data: string | Buffer, options?: { fin?: boolean }): void
    ping(data?: string): void
    close(code?: number): void
    terminate(): void
    /** Not documented: goes on over a connection that was upgraded elsewhere. */
    setSocket(
      socket: Duplex,
      head: Buffer,
      options: { allowSynchronousEvents: boolean; maxPayload: number; skipUTF8Validation: boolean },
    ): void
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: { noServer: true } | { server: Server })
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: WebSocket) => void): void
    close(): void
  }
}

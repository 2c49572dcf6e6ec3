import type { ServerName } from './catalogue.ts'
import type { FaultProxy } from './fault-proxy.ts'
import type { SecureAccess, Server } from './server.ts'

/** A server that runs. Its waits are not for use side by side: one at a time. */
export interface RunningServer extends AsyncDisposable {
  readonly name: ServerName
  /** As `millrace/connect` takes it. */
  readonly url: string
  readonly version: string
  /** Of the server itself; another one after each restart, none while it is down. */
  readonly pid: number | undefined
  /** Ports of 127.0.0.1 by their names; `client` is the one in `url`. */
  readonly ports: Readonly<Record<string, number>>
  /** The folder with its configuration, its data and its `log`. */
  readonly folder: string
  /** How to reach it over TLS, if it was started with `secure`. */
  readonly secure?: SecureAccess
  /** Ends it by that signal where it is up (SIGTERM unless given), and starts it again with the same ports and data; resolves when it is ready. */
  restart(options?: { signal?: 'SIGTERM' | 'SIGKILL' }): Promise<void>
  /**
   * Starts a proxy in front of it that fails on command; clients use `proxy.through(server.url)`. A Kafka client goes where the broker tells it,
   * which for this one listener is the proxy: of Kafka there can be one proxy at a time. It outlives restarts; close it when done.
   */
  proxy(): Promise<FaultProxy>
  /**
   * Runs the server's own command for those who run it, and resolves with what it prints: `control('set_vm_memory_high_watermark', '0.0001')`
   * makes RabbitMQ block its publishers. Rejects `BAD_OPTION` where the server has none: only RabbitMQ has.
   */
  control(...args: string[]): Promise<string>
  /** SIGKILL; resolves when it is gone. `restart` brings it back. */
  kill(): Promise<void>
  /** SIGTERM, and SIGKILL where that is not heeded in 30 s. A fresh instance is removed with its data, the shared one keeps its own. */
  stop(): Promise<void>
  /** Stops a fresh instance; leaves the shared one to others. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The face of a server for those who use it; how it ends depends on whose it is. */
export function runningServer(
  name: ServerName,
  server: Server,
  { stop, dispose }: { stop: () => Promise<void>; dispose: () => Promise<void> },
): RunningServer {
  const { version, url, ports } = server.record
  return {
    ...(server.secure ? { secure: server.secure } : {}),
    name,
    version,
    url,
    ports,
    folder: server.folder,
    get pid() {
      return server.isUp ? server.record.server?.pid : undefined
    },
    async restart({ signal = 'SIGTERM' } = {}) {
      await server.down(signal)
      await server.up()
    },
    proxy: () => server.proxy(),
    control: (...args) => server.control(args),
    kill: () => server.down('SIGKILL'),
    stop,
    [Symbol.asyncDispose]: dispose,
  }
}

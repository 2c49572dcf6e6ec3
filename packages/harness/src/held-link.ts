import type { RunningServer } from './running-server.ts'

/** What the conformance suite calls a link that is held: `hold` gives one. */
export interface HeldLink<Broker> {
  open(): Broker
  readonly connections: number
  release(): void
  hold(): void
  close(): Promise<void>
}

/** A fault proxy in front of the server that is silent until it is released, and a way to open what connects through it. */
export async function heldLink<Broker>(
  server: RunningServer,
  open: (url: string) => Broker,
): Promise<HeldLink<Broker>> {
  const proxy = await server.proxy()
  proxy.silence()
  return {
    open: () => open(proxy.through(server.url)),
    get connections() {
      return proxy.connections
    },
    release: () => proxy.heal(),
    hold: () => proxy.silence(),
    close: () => proxy.close(),
  }
}

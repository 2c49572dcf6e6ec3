/** The events of libzmq's socket monitor, by their number in its v1 and v2 messages. */
export const MONITOR_EVENTS = {
  CONNECTED: 0x1,
  CONNECT_DELAYED: 0x2,
  CONNECT_RETRIED: 0x4,
  LISTENING: 0x8,
  BIND_FAILED: 0x10,
  ACCEPTED: 0x20,
  ACCEPT_FAILED: 0x40,
  CLOSED: 0x80,
  CLOSE_FAILED: 0x100,
  DISCONNECTED: 0x200,
  MONITOR_STOPPED: 0x400,
  HANDSHAKE_FAILED_NO_DETAIL: 0x800,
  HANDSHAKE_SUCCEEDED: 0x1000,
  HANDSHAKE_FAILED_PROTOCOL: 0x2000,
  HANDSHAKE_FAILED_AUTH: 0x4000,
} as const

/** The name of a monitor event. */
export type MonitorEventType = keyof typeof MONITOR_EVENTS

/** What happened to an endpoint or a connection of a socket. */
export interface MonitorEvent {
  readonly type: MonitorEventType
  /** A descriptor, an errno, an interval in milliseconds, a protocol error or a status, as the event says; 0 otherwise. */
  readonly value: number
  /** The endpoint as it was bound or connected. */
  readonly endpoint: string
  readonly local?: string
  readonly remote?: string
  /** In words, for people. */
  readonly detail?: string
}

/** Hands the events of one socket to any number of listeners. */
export class Monitor {
  /** What the process is kept alive with while somebody waits for an event. */
  readonly keeper: { hold(): void; release(): void }
  readonly #listeners = new Set<(event: MonitorEvent) => void>()
  #stopped = false

  constructor(keeper: { hold(): void; release(): void }) {
    this.keeper = keeper
  }

  /** Whether the socket is gone and no event will follow. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** Calls the listener at each event, from within the socket's own work: it must not throw. Answers how to stop. */
  subscribe(listener: (event: MonitorEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  report(event: MonitorEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** The last event. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.report({ type: 'MONITOR_STOPPED', value: 0, endpoint: '' })
    this.#listeners.clear()
  }
}

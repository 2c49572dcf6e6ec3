import type { Engine } from './engine/engine.ts'

/** HEARTBEAT_IVL, HEARTBEAT_TIMEOUT (-1: the interval) and HEARTBEAT_TTL, in milliseconds. */
export interface HeartbeatOptions {
  readonly heartbeatInterval: number
  readonly heartbeatTimeout: number
  readonly heartbeatTtl: number
}

/**
 * Pings a peer and gives it up when it is silent (RFC 37 §3.4.3). Anything that arrives counts as an answer. While we do not
 * read, because the application does not, nobody is given up: the answer may lie behind what we have not read.
 */
export class Heartbeat {
  readonly #engine: Engine
  readonly #lost: () => void
  readonly #pinging: NodeJS.Timeout | undefined
  #silence: NodeJS.Timeout | undefined
  #peerTtl: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: HeartbeatOptions, engine: Engine, lost: () => void) {
    this.#engine = engine
    this.#lost = lost
    const { heartbeatInterval, heartbeatTtl } = options
    if (heartbeatInterval <= 0) return
    const timeout = options.heartbeatTimeout < 0 ? heartbeatInterval : options.heartbeatTimeout
    this.#pinging = setInterval(() => {
      if (!engine.ping(heartbeatTtl) || timeout === 0 || this.#silence !== undefined) return
      this.#silence = this.#watch(timeout, () => (this.#silence = undefined))
    }, heartbeatInterval)
    this.#pinging.unref()
  }

  /** The peer's own time to live, from its PING. */
  peerWants(milliseconds: number): void {
    if (this.#peerTtl !== undefined) return
    this.#peerTtl = this.#watch(milliseconds, () => (this.#peerTtl = undefined))
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#pinging)
    clearTimeout(this.#silence)
    clearTimeout(this.#peerTtl)
  }

  #watch(milliseconds: number, over: () => void): NodeJS.Timeout {
    const heard = this.#engine.reads
    const look = (): void => {
      if (!this.#stopped && this.#engine.reads === heard && !this.#engine.parked) this.#lost()
    }
    const timer = setTimeout(() => {
      over()
      // After a turn in which the application was busy timers come first, and what the peer has sent meanwhile only then.
      if (this.#engine.reads === heard) setImmediate(look)
    }, milliseconds)
    timer.unref()
    return timer
  }
}

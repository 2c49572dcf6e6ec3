import { Forwarding, type ProxyStatistics } from './forwarding.ts'
import { checkEnds } from './proxy.ts'
import { internals } from './socket.ts'
import type { MessageLike, Readable, Socket, Writable } from './sockets.ts'

/** A proxy that can be looked into and steered, as `zmq_proxy_steerable`. */
export interface Steering {
  /** Resolves after `terminate`, by call or by command, or when either socket is closed. */
  run(): Promise<void>
  pause(): void
  resume(): void
  terminate(): void
  statistics(): ProxyStatistics
}

/** Sockets beside the two ends of a proxy. */
export interface SteeringOptions {
  /** Is sent every message that goes through. It has to be able to send, or the proxy waits. */
  capture?: Socket & Writable
  /**
   * PAIR, PULL, SUB or REP: commands PAUSE, RESUME, TERMINATE and STATISTICS come from there. STATISTICS is answered with
   * eight frames of 64 bits, little endian: messages and octets received and sent by the front, the same by the back. A
   * REP answers everything else with an empty frame; commands that are none are ignored.
   */
  control?: Socket & Readable
}

/** Prepares a proxy; `run` starts it. Throws EINVAL as `Proxy.run` does. */
export function steer(frontEnd: Socket, backEnd: Socket, options: SteeringOptions = {}): Steering {
  const { capture, control } = options
  checkEnds(frontEnd, backEnd)
  const forwarding = new Forwarding(
    internals(frontEnd),
    internals(backEnd),
    capture === undefined ? undefined : internals(capture),
  )
  return {
    async run() {
      const end = new AbortController()
      const running = forwarding.run()
      if (control !== undefined) void obey(forwarding, control, end.signal)
      try {
        await running
      } finally {
        end.abort()
      }
    },
    pause: () => forwarding.pause(),
    resume: () => forwarding.resume(),
    terminate: () => forwarding.terminate(),
    statistics: () => forwarding.statistics,
  }
}

const COMMANDS = {
  PAUSE: (forwarding: Forwarding): void => forwarding.pause(),
  RESUME: (forwarding: Forwarding): void => forwarding.resume(),
  TERMINATE: (forwarding: Forwarding): void => forwarding.terminate(),
} as const

const REP = 4
const PAIR = 0

/** Follows the commands of a control socket until the proxy is over. */
async function obey(forwarding: Forwarding, control: Socket & Readable, signal: AbortSignal): Promise<void> {
  const answers = control.type === REP || control.type === PAIR
  const core = internals(control)
  try {
    while (forwarding.state === 'running' || forwarding.state === 'paused') {
      const [frame] = await core.receive(signal)
      const command = String(frame)
      let reply: MessageLike[] | undefined = control.type === REP ? [''] : undefined
      if (command === 'STATISTICS') reply = encodeStatistics(forwarding.statistics)
      else if (Object.hasOwn(COMMANDS, command)) COMMANDS[command as keyof typeof COMMANDS](forwarding)
      if (reply !== undefined && answers) core.trySend(reply as Buffer[], undefined)
    }
  } catch {
    // The control socket was closed, or the proxy is over.
  }
}

function encodeStatistics({ frontEnd, backEnd }: ProxyStatistics): Buffer[] {
  return [frontEnd.received, frontEnd.sent, backEnd.received, backEnd.sent].flatMap(({ messages, bytes }) => [
    uint64(messages),
    uint64(bytes),
  ])
}

function uint64(value: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64LE(BigInt(value))
  return octets
}

import type { Context } from '../context.ts'
import { addressProblem } from './address.ts'
import { parseUrl, type FromUrl } from './url.ts'

/** How a ZeroMQ broker is reached and what it keeps. */
export interface ZeromqOptions {
  /** `zmq+tcp://host:port`, `zmq+ipc://path` or `zmq+inproc://name`, with `?pattern=` and `&bind=1`; or `endpoint`. */
  readonly url?: string
  /** A ZeroMQ endpoint, `tcp://127.0.0.1:5555`. */
  readonly endpoint?: string
  /**
   * `pubsub` (default): everyone who subscribes gets everything from then on. `pushpull`: everyone shares one queue,
   * whatever its topics. `acked`: groups share, what is not acked comes again, also when its consumer goes away; kept in
   * the publisher's memory.
   */
  readonly pattern?: 'pubsub' | 'pushpull' | 'acked'
  /** `true`: this broker publishes and binds, others connect to it. `'subscriber'`: it consumes and binds (not `acked`). */
  readonly bind?: boolean | 'subscriber'
  /** Messages that wait for each peer (default 1000); under `acked` for each group (default 16,384). Then publishing waits. */
  readonly highWaterMark?: number
  readonly context?: Context
}

/** The names of all options. */
export const OPTIONS: Readonly<Record<keyof ZeromqOptions, true>> = {
  url: true,
  endpoint: true,
  pattern: true,
  bind: true,
  highWaterMark: true,
  context: true,
}

/** The options, checked, those of the URL among them. */
export interface Plan {
  readonly endpoint: string
  readonly pattern: 'pubsub' | 'pushpull' | 'acked'
  readonly bind: 'publisher' | 'subscriber' | 'none'
  readonly highWaterMark: number
  readonly context: Context | undefined
}

/** The plan, or what is wrong with the options as text, without the address in it. Options win over the URL's query. */
export function planOf(options: ZeromqOptions): Plan | string {
  const { url } = options
  if (url !== undefined && typeof url !== 'string') return 'zeromq: url is a string'
  if (url !== undefined && options.endpoint !== undefined) return 'zeromq: give either a url or an endpoint'
  const from: Partial<FromUrl> | string = url === undefined ? {} : parseUrl(url)
  if (typeof from === 'string') return from
  const endpoint: unknown = options.endpoint ?? from.endpoint
  if (typeof endpoint !== 'string') return 'zeromq needs a url or an endpoint'
  const pattern: unknown = options.pattern ?? from.pattern ?? 'pubsub'
  if (pattern !== 'pubsub' && pattern !== 'pushpull' && pattern !== 'acked')
    return 'zeromq: pattern is pubsub, pushpull or acked'
  const given: unknown = options.bind ?? from.bind ?? false
  if (typeof given !== 'boolean' && given !== 'subscriber') return "zeromq: bind is true, false or 'subscriber'"
  if (pattern === 'acked' && given === 'subscriber') return "pattern 'acked' is bound by its publisher (bind: true)"
  const { highWaterMark = pattern === 'acked' ? 16_384 : 1000, context } = options
  // ZeroMQ's 0 is no bound at all; a group of `acked` with room for none would take none.
  const least = pattern === 'acked' ? 1 : 0
  if (!Number.isInteger(highWaterMark) || highWaterMark < least)
    return `zeromq: highWaterMark is a whole number of at least ${least}`
  const bind = given === true ? 'publisher' : given === false ? 'none' : given
  const problem = addressProblem(endpoint, bind === 'none' ? 'connect' : 'bind')
  return problem ?? { endpoint, pattern, bind, highWaterMark, context }
}

import type { Clock } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import { known, LONGEST_WAIT, milliseconds, whole } from '../bounds.ts'
import { MillraceError } from '../errors.ts'

/** A bound on what a topic keeps, by whichever is reached first. Whole numbers; Infinity is no bound. */
export interface Bound {
  /** Default: see the option. */
  readonly messages?: number
  /** An estimate: payloads and 128 bytes a message. */
  readonly bytes?: number
}

/** The bounds of a memory broker; all optional, all held. Outside its own bounds an option is BAD_OPTION. */
export interface MemoryOptions {
  /** What all of the broker's time comes from; default the system's. */
  readonly clock?: Clock
  /** Un-settled messages a topic holds at most. Default 100,000 messages, 256 MiB. */
  readonly capacity?: Bound
  /** What a publish to a full topic does: waits (default), is refused with QUEUE_FULL, or drops the oldest un-settled message. */
  readonly whenFull?: 'block' | 'refuse' | 'drop-oldest'
  /** Settled messages a topic keeps for replay at most, oldest out first (a sixteenth, up to 64, may stay a little longer). Default 10,000, 16 MiB. */
  readonly retain?: Bound
  /** ms after which every message expires unless it says otherwise, 1 to a year. Default: never. */
  readonly ttl?: number
  /** Default 100,000; beyond it TOO_MANY_TOPICS. */
  readonly maxTopics?: number
  /** A topic's subscriptions at most. Default 10,000; beyond it TOO_MANY_SUBSCRIBERS. */
  readonly maxSubscribers?: number
  /** The largest payload. Default 16 MiB; beyond it TOO_LARGE. */
  readonly maxBytes?: number
  /** ms for which a `dedupeId` is remembered. Default 120,000. */
  readonly dedupeWindow?: number
  /** ms after which a topic without subscriptions, un-settled messages and traffic is forgotten. Default: never. */
  readonly idleTopics?: number
}

export interface MemoryPlan {
  readonly clock: Clock
  readonly capacity: Required<Bound>
  readonly retain: Required<Bound>
  readonly whenFull: 'block' | 'refuse' | 'drop-oldest'
  readonly ttl: number | undefined
  readonly maxTopics: number
  readonly maxSubscribers: number
  readonly maxBytes: number
  readonly dedupeWindow: number
  readonly idleTopics: number | undefined
}

const MIB = 1024 * 1024
const OPTIONS = {
  clock: true, capacity: true, whenFull: true, retain: true, ttl: true, maxTopics: true, maxSubscribers: true, maxBytes: true,
  dedupeWindow: true, idleTopics: true,
} satisfies Record<keyof MemoryOptions, true> // prettier-ignore
const BOUND = { messages: true, bytes: true } satisfies Record<keyof Bound, true>

/** @throws BAD_OPTION, naming the option */
export function memoryPlan(options: MemoryOptions): MemoryPlan {
  known('memory', options, OPTIONS)
  const { clock = systemClock, whenFull = 'block', ttl, idleTopics } = options
  const { maxTopics = 100_000, maxSubscribers = 10_000, maxBytes = 16 * MIB, dedupeWindow = 120_000 } = options
  if (whenFull !== 'block' && whenFull !== 'refuse' && whenFull !== 'drop-oldest')
    throw new MillraceError('BAD_OPTION', "memory: whenFull is 'block', 'refuse' or 'drop-oldest'")
  if (typeof (clock as Partial<Clock> | null)?.now !== 'function')
    throw new MillraceError('BAD_OPTION', 'memory: clock is a Clock, such as systemClock or a virtualClock()')
  if (ttl !== undefined) milliseconds('memory: ttl', ttl, 1, LONGEST_WAIT)
  if (idleTopics !== undefined) milliseconds('memory: idleTopics', idleTopics, 1, LONGEST_WAIT)
  return {
    clock,
    whenFull,
    ttl,
    idleTopics,
    capacity: bound('capacity', options.capacity, { messages: 100_000, bytes: 256 * MIB }, 1),
    retain: bound('retain', options.retain, { messages: 10_000, bytes: 16 * MIB }, 0),
    maxTopics: count('maxTopics', maxTopics, 1),
    maxSubscribers: count('maxSubscribers', maxSubscribers, 1),
    maxBytes: count('maxBytes', maxBytes, 1),
    dedupeWindow: count('dedupeWindow', dedupeWindow, 1),
  }
}

function bound(name: string, given: Bound | undefined, usual: Required<Bound>, least: number): Required<Bound> {
  if (given !== undefined) known(`memory: ${name}`, given, BOUND)
  const { messages = usual.messages, bytes = usual.bytes } = given ?? {}
  return { messages: count(`${name}.messages`, messages, least), bytes: count(`${name}.bytes`, bytes, least) }
}

function count(name: string, value: number, least: number): number {
  whole(`memory: ${name}`, value, least, Infinity)
  return value
}

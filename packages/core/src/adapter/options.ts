import type { Capabilities, DeclareOptions, From, PublishOptions, SubscribeOptions } from '../contract.ts'
import { abortable, known, milliseconds, whole } from '../bounds.ts'
import { MillraceError } from '../errors.ts'
import { checkGroup, checkTopic, DEAD_TOPIC_LENGTH } from '../names.ts'
import { isPattern, matches } from '../pattern.ts'
import type { Pattern } from '../pattern.ts'
import { backoff } from './backoff.ts'
import type { Backoff } from './backoff.ts'

/** Subscribe options with every default in place. */
export interface SubscribePlan {
  readonly topics: readonly (string | Pattern)[]
  readonly group: string | undefined
  readonly from: From
  readonly prefetch: number
  readonly maxDeliveries: number
  readonly backoff: Backoff
  /** A name; false: discard; undefined: `<topic>.<group>.dead`. */
  readonly deadLetter: string | false | undefined
  readonly lease: number
  readonly maxLease: number
  readonly redelivery: 'broker' | 'process'
}

const SUBSCRIBE = {
  group: true, from: true, prefetch: true, maxDeliveries: true, backoff: true, deadLetter: true, lease: true, maxLease: true,
  redelivery: true, signal: true,
} satisfies Record<keyof SubscribeOptions, true> // prettier-ignore
const PUBLISH: Readonly<Record<string, true>> = {
  signal: true, timeout: true, delay: true, ttl: true, priority: true, dedupeId: true,
} satisfies Record<keyof PublishOptions, true> // prettier-ignore
const DECLARE = { group: true, signal: true } satisfies Record<keyof DeclareOptions, true>

export const LEASE = 30_000
/** A day: nobody should wait longer for what a dead consumer had. */
export const LONGEST_LEASE = 86_400_000

/** `own`: the broker's own options; undefined: nobody knows them. @throws BAD_OPTION for one that there is not */
export function checkSubscribeNames(options: SubscribeOptions, own: readonly string[] | undefined): void {
  if (own === undefined) return
  known('subscribe', options, { ...SUBSCRIBE, ...Object.fromEntries(own.map(name => [name, true as const])) })
}

/** @throws BAD_OPTION */
export function checkDeclareOptions(options: DeclareOptions): void {
  known('declare', options, DECLARE)
}

/** @throws UNSUPPORTED, INVALID_TOPIC, BAD_OPTION */
export function subscribePlan(
  name: string,
  capabilities: Capabilities,
  topic: string | Pattern | readonly (string | Pattern)[],
  options: SubscribeOptions,
): SubscribePlan {
  const topics = Array.isArray(topic) ? (topic as readonly (string | Pattern)[]) : [topic as string | Pattern]
  if (topics.length === 0) throw new MillraceError('BAD_OPTION', 'subscribe: at least one topic is wanted')
  for (const one of topics) {
    if (!isPattern(one)) checkTopic(one)
    else if (!capabilities.patterns) throw unsupported(name, `pattern '${one.pattern}'`)
  }
  const { group, prefetch = 256, maxDeliveries = 10, deadLetter, lease = LEASE } = options
  if (group !== undefined) {
    checkGroup(group)
    if (!capabilities.groups) throw unsupported(name, `group '${group}'`)
  } else if (capabilities.broadcast === false)
    throw unsupported(name, 'a subscription without a group (everyone gets everything)')
  whole('prefetch', prefetch, 1, 100_000)
  whole('maxDeliveries', maxDeliveries, 1, Number.MAX_SAFE_INTEGER)
  if (options.lease !== undefined && !capabilities.leases) throw unsupported(name, 'a lease')
  milliseconds('lease', lease, 1, LONGEST_LEASE)
  const { maxLease = lease * 10, redelivery } = options
  milliseconds('maxLease', maxLease, lease, Infinity)
  const held = capabilities.nackDelay === false || capabilities.nackDelay.where === 'process'
  if (redelivery !== undefined && redelivery !== 'broker' && redelivery !== 'process')
    throw new MillraceError('BAD_OPTION', "subscribe: redelivery is 'broker' or 'process'")
  if (redelivery === 'broker' && held) throw unsupported(name, "redelivery: 'broker'")
  checkDeadLetter(topics, group, deadLetter)
  return {
    topics,
    group,
    from: checkedFrom(name, capabilities, group, options.from),
    prefetch,
    maxDeliveries,
    backoff: backoff(options.backoff),
    deadLetter,
    lease,
    maxLease,
    redelivery: redelivery ?? (held ? 'process' : 'broker'),
  }
}

function checkDeadLetter(
  topics: readonly (string | Pattern)[],
  group: string | undefined,
  deadLetter: string | false | undefined,
): void {
  if (deadLetter !== undefined && deadLetter !== false) {
    checkTopic(deadLetter)
    if (topics.some(topic => (isPattern(topic) ? matches(topic, deadLetter) : topic === deadLetter)))
      throw new MillraceError(
        'BAD_OPTION',
        `subscribe: deadLetter '${deadLetter}' is subscribed to itself: what cannot be handled would come back for ever`,
      )
  } else if (deadLetter === undefined && group !== undefined)
    for (const topic of topics)
      if (typeof topic === 'string' && `${topic}.${group}.dead`.length > DEAD_TOPIC_LENGTH)
        throw new MillraceError(
          'INVALID_TOPIC',
          `the dead-letter topic '${topic}.${group}.dead' is over ${DEAD_TOPIC_LENGTH} characters: name another with deadLetter`,
        )
}

function checkedFrom(name: string, capabilities: Capabilities, group: string | undefined, from?: From): From {
  if (from === undefined) return group !== undefined && capabilities.replays ? 'earliest' : 'latest'
  if (from === 'latest') return from
  if (!capabilities.replays) throw unsupported(name, `from ${JSON.stringify(from)} (it has no past)`)
  if (from === 'earliest') return from
  if (typeof from === 'object' && from !== null) {
    if ('time' in from && Number.isFinite(from.time)) return from
    if ('after' in from && typeof from.after === 'string') return from
  }
  throw new MillraceError('BAD_OPTION', "subscribe: from is 'earliest', 'latest', { time: ms } or { after: position }")
}

/** @throws UNSUPPORTED, DELAY_TOO_LONG, BAD_OPTION */
export function checkPublishOptions(
  name: string,
  capabilities: Capabilities,
  options: PublishOptions,
  now: number,
): void {
  const { delay, ttl, priority, dedupeId, timeout } = options
  for (const option in options)
    if (!(option in PUBLISH) && options[option as keyof PublishOptions] !== undefined)
      known('publish', options, PUBLISH)
  abortable('publish', options.signal)
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0))
    throw new MillraceError('BAD_OPTION', 'publish: timeout is more than 0 milliseconds')
  if (delay !== undefined) {
    const ms = delay instanceof Date ? delay.getTime() - now : delay
    if (typeof ms !== 'number' || Number.isNaN(ms) || (ms === delay && ms < 0))
      throw new MillraceError('BAD_OPTION', 'publish: delay is 0 or more milliseconds, or a valid Date')
    if (capabilities.publishDelay === false) {
      if (ms > 0) throw unsupported(name, 'delay')
    } else if (ms > capabilities.publishDelay.max)
      throw new MillraceError(
        'DELAY_TOO_LONG',
        `publish: ${name} can delay by ${capabilities.publishDelay.max} ms at most, not ${ms}`,
      )
  }
  if (ttl !== undefined) {
    if (!Number.isFinite(ttl) || ttl <= 0)
      throw new MillraceError('BAD_OPTION', 'publish: ttl is more than 0 milliseconds, and not infinite')
    if (capabilities.ttl === false) throw unsupported(name, 'ttl')
  }
  if (priority !== undefined) {
    if (capabilities.priority < 2 && priority !== 0) throw unsupported(name, 'priority')
    whole('priority', priority, 0, Math.max(0, capabilities.priority - 1))
  }
  if (dedupeId !== undefined) {
    if (capabilities.dedupes === 0) throw unsupported(name, 'dedupeId')
    if (typeof dedupeId !== 'string' || dedupeId.length === 0)
      throw new MillraceError('BAD_OPTION', 'publish: dedupeId is a string that is not empty')
  }
}

export function unsupported(name: string, what: string): MillraceError {
  return new MillraceError('UNSUPPORTED', `${name} cannot do ${what}; see its capabilities`)
}

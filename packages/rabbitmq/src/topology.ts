import type { Channel } from 'amqplib'
import { isPattern, MillraceError } from 'millrace/adapter'
import type { Pattern } from 'millrace'
import { ours } from './errors.ts'
import { ANY_BITS, climb, holds, matching, RUNGS, UNIT } from './ladder.ts'

/**
 * How topics become exchanges and queues. 'topic': one topic exchange, a queue for each group of a topic or pattern.
 * 'fanout': a fan-out exchange for each topic, named as it, and queues `<topic>_<group>`. 'work': no exchange, one
 * queue for each topic, named as it, and one group.
 */
export type Preset = 'topic' | 'fanout' | 'work'

/** What the topology is made of and how. */
export interface Plan {
  readonly preset: Preset
  readonly prefix: string
  readonly queues: 'quorum' | 'classic' | 'stream'
  /** What a stream keeps at most: bytes, and ms if it is given. */
  readonly retain: Retain
  /** 'check': all must be there; 'none': nothing is asked. */
  readonly topology: 'create' | 'check' | 'none'
  /** x-delivery-limit of quorum queues. */
  readonly deliveryLimit: number
  readonly singleActiveConsumer: boolean
  /** Levels of priority; classic queues only. */
  readonly priorities: number
}

/** What a stream keeps. The oldest segments go first, so that it may be up to a segment more. */
export interface Retain {
  /** Bytes at most. Default 1 GiB. */
  readonly bytes?: number
  /** ms at most; the server counts seconds. No bound by default. */
  readonly age?: number
}

export interface Route {
  readonly exchange: string
  readonly key: string
}

const DEAD = /\.dead$/
/** Messages in the net at most; the oldest go first. */
const NET_LENGTH = 100_000
/** Bytes that a stream keeps unless told otherwise. */
const RETAINED = 1024 ** 3
/** Bytes of a stream's segment at most, the server's own default: what is dropped is dropped by segments. */
const SEGMENT = 500_000_000

/** Names, arguments and bindings; declares them. Knows no connection. */
export class Topology {
  readonly #plan: Plan

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Where a topic's messages are published to. */
  route(topic: string): Route {
    switch (this.#plan.preset) {
      case 'topic':
        return { exchange: DEAD.test(topic) ? `${this.#plan.prefix}.dead` : this.#plan.prefix, key: topic }
      case 'fanout':
        return { exchange: topic, key: '' }
      case 'work':
        return { exchange: '', key: topic }
    }
  }

  /** Where what is published with a delay goes first, to reach the topic when it is due. */
  delayed(topic: string, delay: number): Route {
    return this.#climb(delay, `${DEAD.test(topic) ? 'd' : 't'}.${topic}`)
  }

  /** Where a message goes to come back to its queue. */
  back(queue: string, delay: number): Route {
    return delay < UNIT ? { exchange: '', key: queue } : this.#climb(delay, `q.${queue}`)
  }

  #climb(delay: number, address: string): Route {
    const { rung, key } = climb(delay, address)
    return { exchange: this.rung(rung), key }
  }

  /** The exchange of a rung of the ladder. */
  rung(rung: number): string {
    return `${this.#plan.prefix}.delay.${rung}`
  }

  /** The queue of a group; a dead-letter topic has one, which all of its groups share. */
  queue(topic: string | Pattern, group: string): string {
    const name = isPattern(topic) ? patternName(topic) : topic
    const dead = DEAD.test(name)
    switch (this.#plan.preset) {
      case 'topic':
        return `${this.#plan.prefix}:${dead ? '' : group}:${name}`
      case 'fanout':
        return dead ? name : `${name}_${group}`
      case 'work':
        return name
    }
  }

  /** The stream of a topic, which all of its readers share. */
  stream(topic: string): string {
    return `${this.#plan.prefix}/${topic}`
  }

  /** What everything else hangs on: exchanges, and the net under the queues. */
  async base(channel: Channel): Promise<void> {
    const { prefix, preset } = this.#plan
    const exchange = { durable: true }
    await this.#all([
      ...(preset === 'topic'
        ? [
            this.#exchange(channel, prefix, 'topic', exchange),
            this.#exchange(channel, `${prefix}.dead`, 'topic', exchange),
          ]
        : []),
      // A delayed message whose queue has gone meanwhile would be tried for ever.
      this.#exchange(channel, `${prefix}.stray`, 'fanout', exchange),
      this.#exchange(channel, this.#due, 'topic', { ...exchange, alternateExchange: `${prefix}.stray` }),
      this.#exchange(channel, this.#net, 'headers', exchange),
      this.#queue(channel, this.#net, { 'x-queue-type': 'classic', 'x-max-length': NET_LENGTH }),
      // What has expired is of no use to anybody.
      this.#queue(channel, `${prefix}.expired`, { 'x-queue-type': 'classic', 'x-max-length': 0 }),
    ])
    await this.#all([
      this.#bind(channel, this.#net, `${prefix}.stray`, ''),
      ...['delivery_limit', 'rejected', 'maxlen'].map(why => this.#bind(channel, this.#net, this.#net, '', died(why))),
      this.#bind(channel, `${prefix}.expired`, this.#net, '', died('expired')),
    ])
  }

  /** The ladder of delay queues. */
  async ladder(channel: Channel): Promise<void> {
    const classic = this.#plan.queues === 'classic'
    for (let rung = 0; rung < RUNGS; rung++) {
      const name = this.rung(rung)
      const next = rung === 0 ? this.#due : this.rung(rung - 1)
      await this.#all([
        this.#exchange(channel, name, 'topic', { durable: true }),
        this.#queue(channel, name, {
          'x-queue-type': classic ? 'classic' : 'quorum',
          'x-message-ttl': holds(rung),
          'x-dead-letter-exchange': next,
          ...(!classic && AT_LEAST_ONCE),
        }),
      ])
      await this.#all([
        this.#bind(channel, name, name, matching(rung, '1')),
        this.#make() ? channel.bindExchange(next, name, matching(rung, '0')) : undefined,
      ])
    }
  }

  /** A topic, so that it can be published to. A dead-letter topic gets its queue, so that nothing dies unseen. */
  async topic(channel: Channel, topic: string): Promise<void> {
    if (this.#plan.queues === 'stream') return this.#stream(channel, topic)
    if (this.#plan.preset === 'fanout') await this.#all([this.#exchange(channel, topic, 'fanout', { durable: true })])
    if (DEAD.test(topic) || this.#plan.preset === 'work') await this.group(channel, topic, '')
  }

  /** A group's place in a topic or pattern. Returns its queue. */
  async group(channel: Channel, topic: string | Pattern, group: string): Promise<string> {
    const queue = this.queue(topic, group)
    await this.#all([
      this.#queue(channel, queue, this.#arguments()),
      this.#plan.preset === 'fanout' && this.#exchange(channel, exchangeOf(topic), 'fanout', { durable: true }),
    ])
    await this.#bindAll(channel, queue, topic)
    return queue
  }

  /** A queue that lives as long as its connection. */
  async ephemeral(channel: Channel, topic: string | Pattern, name: string): Promise<void> {
    const made: unknown[] = [channel.assertQueue(name, { exclusive: true, durable: false, autoDelete: true })]
    if (this.#plan.preset === 'fanout')
      made.push(this.#exchange(channel, exchangeOf(topic), 'fanout', { durable: true }))
    await this.#all(made)
    await this.#bindAll(channel, name, topic, true)
  }

  async #stream(channel: Channel, topic: string): Promise<void> {
    const { bytes = RETAINED, age } = this.#plan.retain
    const stream = this.stream(topic)
    await this.#all([
      this.#queue(channel, stream, {
        'x-queue-type': 'stream',
        'x-max-length-bytes': bytes,
        'x-stream-max-segment-size-bytes': Math.max(1_000, Math.min(SEGMENT, Math.floor(bytes / 4))),
        ...(age !== undefined && { 'x-max-age': `${Math.ceil(age / 1000)}s` }),
      }),
    ])
    await this.#bindAll(channel, stream, topic)
  }

  get #due(): string {
    return `${this.#plan.prefix}.due`
  }

  get #net(): string {
    return `${this.#plan.prefix}.net`
  }

  #arguments(): Record<string, unknown> {
    const { queues, singleActiveConsumer, priorities, deliveryLimit } = this.#plan
    if (queues === 'classic')
      return {
        ...(priorities > 1 && { 'x-max-priority': priorities - 1 }),
        ...(singleActiveConsumer && { 'x-single-active-consumer': true }),
      }
    return {
      'x-queue-type': 'quorum',
      'x-delivery-limit': deliveryLimit,
      'x-dead-letter-exchange': this.#net,
      ...AT_LEAST_ONCE,
      ...(singleActiveConsumer && { 'x-single-active-consumer': true }),
    }
  }

  /** To its topic, to what was delayed for the topic, and to what was delayed for itself. */
  async #bindAll(channel: Channel, queue: string, topic: string | Pattern, own = false): Promise<void> {
    const key = isPattern(topic) ? wildcard(topic) : topic
    const dead = isPattern(topic) ? topic.levels.at(-1) === 'dead' : DEAD.test(topic)
    const bindings: [string, string][] = [
      [this.#due, `${ANY_BITS}${dead ? 'd' : 't'}.${key}`],
      [this.#due, `${ANY_BITS}q.${queue}`],
    ]
    if (this.#plan.preset === 'fanout') bindings.push([exchangeOf(topic), ''])
    if (this.#plan.preset === 'topic') bindings.push([dead ? `${this.#plan.prefix}.dead` : this.#plan.prefix, key])
    await this.#all(
      bindings.map(([exchange, key]) =>
        own ? channel.bindQueue(queue, exchange, key) : this.#bind(channel, queue, exchange, key),
      ),
    )
  }

  #make(): boolean {
    return this.#plan.topology === 'create'
  }

  #exchange(channel: Channel, name: string, type: string, options: object): unknown {
    if (this.#make()) return channel.assertExchange(name, type, options)
    return this.#plan.topology === 'check' ? channel.checkExchange(name) : undefined
  }

  #queue(channel: Channel, name: string, args: Record<string, unknown>): unknown {
    if (this.#make()) return channel.assertQueue(name, { durable: true, arguments: args })
    return this.#plan.topology === 'check' ? channel.checkQueue(name) : undefined
  }

  /** Bindings cannot be asked for over AMQP: 'check' takes them for granted. */
  #bind(channel: Channel, queue: string, exchange: string, key: string, args: object = {}): unknown {
    return this.#make() ? channel.bindQueue(queue, exchange, key, args) : undefined
  }

  async #all(steps: readonly unknown[]): Promise<void> {
    // The first error closes the channel; the others' only say so.
    const results = await Promise.allSettled(steps)
    const failed = results.find(result => result.status === 'rejected')
    if (failed) throw ours(failed.reason, 'topology')
  }
}

/** A message leaves its queue only when the dead-letter exchange's queues have it. */
const AT_LEAST_ONCE = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' } as const

function died(why: string): object {
  return { 'x-match': 'any-with-x', 'x-first-death-reason': why }
}

/** `orders.**` as AMQP has it: `#` stands for any number of words, `*` for one. */
function wildcard({ levels }: Pattern): string {
  return levels.map(level => (level === '**' ? '#' : level)).join('.')
}

/** Fan-out knows no patterns: capabilities say so, and core asks them. */
function exchangeOf(topic: string | Pattern): string {
  return isPattern(topic) ? topic.pattern : topic
}

/** No queue may be named with what a binding takes for a wildcard. */
function patternName({ pattern }: Pattern): string {
  return pattern.replaceAll('*', '%')
}

/** @throws BAD_OPTION */
export function checkedPrefix(prefix: string): string {
  if (/^[A-Za-z0-9_-]{1,20}$/.test(prefix)) return prefix
  throw new MillraceError('BAD_OPTION', `rabbitmq: prefix '${prefix}' is not 1 to 20 of [A-Za-z0-9_-]`)
}

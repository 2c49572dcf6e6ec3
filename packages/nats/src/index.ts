/** NATS behind Millrace's contract: `nats()` is core NATS, which keeps nothing; `jetstream()` stores. */
import type { StreamConfig } from '@nats-io/jetstream'
import type { Broker, Message } from 'millrace'
import { broker, known, MillraceError } from 'millrace/adapter'
import type { BrokerOptions } from 'millrace/adapter'
import { Connection } from './connection.ts'
import type { NatsConnectionOptions } from './connection.ts'
import { CoreDriver } from './core-driver.ts'
import type { Wire } from './encode.ts'
import { JetStreamDriver } from './jetstream-driver.ts'
import type { Errand } from './questions.ts'
import { requestReply } from './request-reply.ts'
import type { NatsBroker } from './request-reply.ts'
import { native, prefixed } from './subjects.ts'

export type { NatsConnectionOptions } from './connection.ts'
export type { Wire } from './encode.ts'
export type { NatsBroker, RequestOptions } from './request-reply.ts'

export interface NatsOptions extends NatsConnectionOptions, Pick<BrokerOptions, 'reconnect' | 'connectTimeout'> {
  /** Topics are subjects under `<prefix>.t.` and `<prefix>.d.` (dead letters). Default 'millrace'. */
  readonly prefix?: string
  /** 'native': topics are subjects as they are. Default 'prefixed'. */
  readonly names?: 'prefixed' | 'native'
  /** The largest payload; headers need room beside it. Default 960 KiB, for the server's default of 1 MiB. */
  readonly maxBytes?: number
  /** 'watermill': header names and layout as watermill-nats writes them. Default 'millrace'. */
  readonly wire?: Wire
  /** Core only: messages that wait in this process at most. Default 65,536. */
  readonly maxPending?: number
}

export interface JetStreamOptions extends Omit<NatsOptions, 'maxPending'> {
  /** The stream that has all topics; its name, and whatever else it is to be made with. Default name: the prefix. */
  readonly stream?: Partial<StreamConfig>
  /** Whether missing streams and consumers are made. Default 'create'. */
  readonly topology?: 'create' | 'check' | 'none'
  /** 'confirmed' (default) waits for the server to have stored an ack; 'sent' does not, and is faster. */
  readonly settles?: 'confirmed' | 'sent'
}

const CORE = {
  url: true, client: true, connect: true, prefix: true, names: true, maxBytes: true, wire: true, maxPending: true,
  reconnect: true, connectTimeout: true,
} satisfies Record<keyof NatsOptions, true> // prettier-ignore
const JETSTREAM = {
  url: true, client: true, connect: true, prefix: true, names: true, maxBytes: true, wire: true, stream: true, topology: true,
  settles: true, reconnect: true, connectTimeout: true,
} satisfies Record<keyof JetStreamOptions, true> // prettier-ignore

const MAX_BYTES = 960 * 1024

/** Core NATS: queue groups, wildcards, headers, request and reply; what nobody hears is gone. @throws BAD_OPTION */
export function nats(given: NatsOptions): NatsBroker {
  const options = read<NatsOptions>('nats', given, CORE)
  const { prefix = 'millrace', names = 'prefixed', maxBytes = MAX_BYTES, wire = 'millrace' } = options
  const { maxPending = 65_536 } = options
  whole('maxPending', maxPending, 0)
  const errands = new WeakMap<Message, Errand>()
  const driver = new CoreDriver({
    connection: new Connection(options),
    subjects: names === 'native' ? native : prefixed(checkedPrefix(prefix)),
    maxBytes,
    maxPending,
    wire,
    errands,
  })
  return requestReply(broker(driver, options), errands)
}

/** JetStream: stored, acknowledged, replayed. @throws BAD_OPTION */
export function jetstream(given: JetStreamOptions): Broker {
  const options = read<JetStreamOptions>('jetstream', given, JETSTREAM)
  const { prefix = 'millrace', names = 'prefixed', maxBytes = MAX_BYTES, wire = 'millrace' } = options
  const { topology = 'create', settles = 'confirmed', stream = {} } = options
  oneOf('topology', topology, ['create', 'check', 'none'])
  oneOf('settles', settles, ['confirmed', 'sent'])
  if (names === 'native' && stream.name === undefined)
    throw new MillraceError(
      'BAD_OPTION',
      "jetstream: names: 'native' needs the name of the stream that has the subjects",
    )
  const driver = new JetStreamDriver({
    connection: new Connection(options),
    subjects: names === 'native' ? native : prefixed(checkedPrefix(prefix)),
    stream: { name: prefix.replaceAll('.', '-'), ...stream },
    topology,
    settles,
    maxBytes,
    wire,
  })
  return broker(driver, options)
}

function checkedPrefix(prefix: string): string {
  if (/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(prefix)) return prefix
  throw new MillraceError('BAD_OPTION', `nats: prefix '${prefix}' is not words of [A-Za-z0-9_-] joined by dots`)
}

/** The options that were given and those in the URL's query, checked as far as both have them. @throws BAD_OPTION */
function read<O extends NatsOptions | JetStreamOptions>(what: string, given: O, names: Record<keyof O, true>): O {
  known(what, given, names)
  if (given.url !== undefined && typeof given.url !== 'string')
    throw new MillraceError('BAD_OPTION', `${what}: url is a string`)
  const options = { ...given, ...fromQuery(given.url) }
  known(what, options, names)
  const { names: style, wire, maxBytes } = options
  if (style !== undefined) oneOf('names', style, ['prefixed', 'native'])
  if (wire !== undefined) oneOf('wire', wire, ['millrace', 'watermill'])
  if (maxBytes !== undefined) whole('maxBytes', maxBytes, 1)
  return options
}

function oneOf(name: string, value: string, all: readonly string[]): void {
  if (!all.includes(value))
    throw new MillraceError('BAD_OPTION', `nats: ${name} is one of ${all.join(', ')}, not '${value}'`)
}

function whole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new MillraceError('BAD_OPTION', `nats: ${name} is a whole number of at least ${least}`)
}

const QUERY = ['prefix', 'names', 'wire', 'topology', 'settles'] as const

/** Options in the URL's query. @throws BAD_OPTION for one that there is not */
function fromQuery(url: string | undefined): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(url?.split('?')[1] ?? '')) {
    if ((QUERY as readonly string[]).includes(name)) found[name] = value
    else if (name === 'maxBytes' || name === 'maxPending') found[name] = value.trim() === '' ? NaN : Number(value)
    else if (name === 'stream') found['stream'] = { name: value }
    else throw new MillraceError('BAD_OPTION', `nats: there is no option '${name}' for the URL`)
  }
  return found
}

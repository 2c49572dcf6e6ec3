/** NATS behind Millrace's contract: `nats()` is core NATS, which keeps nothing; `jetstream()` stores. */
import type { StreamConfig } from '@nats-io/jetstream'
import type { Broker } from 'millrace'
import { broker, MillraceError } from 'millrace/adapter'
import type { BrokerOptions } from 'millrace/adapter'
import { Connection } from './connection.ts'
import type { NatsConnectionOptions } from './connection.ts'
import { CoreDriver } from './core-driver.ts'
import type { Wire } from './encode.ts'
import { JetStreamDriver } from './jetstream-driver.ts'
import { native, prefixed } from './subjects.ts'

export type { NatsConnectionOptions } from './connection.ts'
export type { Wire } from './encode.ts'

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

const MAX_BYTES = 960 * 1024

/** Core NATS: queue groups, wildcards, headers; what nobody hears is gone. @throws BAD_OPTION */
export function nats(given: NatsOptions): Broker {
  const options = { ...given, ...fromQuery(given.url) }
  const {
    prefix = 'millrace',
    names = 'prefixed',
    maxBytes = MAX_BYTES,
    maxPending = 65_536,
    wire = 'millrace',
  } = options
  const driver = new CoreDriver({
    connection: new Connection(options),
    subjects: names === 'native' ? native : prefixed(checkedPrefix(prefix)),
    maxBytes,
    maxPending,
    wire,
  })
  return broker(driver, options)
}

/** JetStream: stored, acknowledged, replayed. @throws BAD_OPTION */
export function jetstream(given: JetStreamOptions): Broker {
  const options = { ...given, ...fromQuery(given.url) }
  const { prefix = 'millrace', names = 'prefixed', maxBytes = MAX_BYTES, wire = 'millrace' } = options
  const { topology = 'create', settles = 'confirmed', stream = {} } = options
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

const QUERY = ['prefix', 'names', 'wire', 'topology', 'settles'] as const

/** Options in the URL's query. @throws BAD_OPTION for one that there is not */
function fromQuery(url: string | undefined): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(url?.split('?')[1] ?? '')) {
    if ((QUERY as readonly string[]).includes(name)) found[name] = value
    else if (name === 'maxBytes' || name === 'maxPending') found[name] = Number(value)
    else if (name === 'stream') found['stream'] = { name: value }
    else throw new MillraceError('BAD_OPTION', `nats: there is no option '${name}' for the URL`)
  }
  return found
}

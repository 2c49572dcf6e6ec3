import type { ConnectionOptions } from 'node:tls'
import type { BaseOptions, CompressionAlgorithmValue, SASLOptions } from '@platformatic/kafka'
import { known, MillraceError } from 'millrace/adapter'
import type { BrokerOptions } from 'millrace/adapter'
import type { Wire } from './encode.ts'

/** How to reach Kafka, and what to ask of it. Durations are ms, sizes bytes. */
export interface KafkaOptions extends Pick<BrokerOptions, 'reconnect' | 'connectTimeout'> {
  /** `kafka://user:password@host:9092`, several hosts joined by commas; `kafka+ssl:` speaks TLS. Options go in its query too. */
  readonly url?: string
  /** Instead of a url: the vendor client's own options, as they are; every client that is made gets them. */
  readonly client?: Partial<BaseOptions> & Pick<BaseOptions, 'bootstrapBrokers'>
  /** Default 'millrace'. */
  readonly clientId?: string
  /** For Node's tls.connect, beside `kafka+ssl:`. */
  readonly tls?: ConnectionOptions
  /** Instead of user and password in the url, or with tokens. */
  readonly sasl?: SASLOptions
  /** With user and password in the url: default 'PLAIN'. */
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  /** 'create' (default): missing topics are made. 'check': a missing one is TOPOLOGY_MISMATCH. 'none': nobody looks; NO_ROUTE at the publish. */
  readonly topology?: 'create' | 'check' | 'none'
  /** Of topics that are made. Default: as the server has it. */
  readonly partitions?: number
  readonly replicas?: number
  /** Configuration of topics that are made: `{ 'retention.ms': '86400000' }`. */
  readonly topicConfig?: Readonly<Record<string, string>>
  /** The largest payload. Default 1 MiB; topics that are made take records of that size and their headers. */
  readonly maxBytes?: number
  /** The partition of a message with a key. Default: as Kafka's Java client does (murmur2). */
  readonly partitioner?: (key: Buffer, partitions: number) => number
  /** Default 'none'. */
  readonly compression?: CompressionAlgorithmValue
  /** ms to wait for company before a batch goes out; default 0: what comes together goes together. */
  readonly linger?: number
  /** A batch for one partition goes out at this size. Default 512 KiB. */
  readonly batchBytes?: number
  /** 'classic' (default): cooperative rebalances, any Kafka. 'consumer': KIP-848, Kafka 4.0 and later. */
  readonly groupProtocol?: 'classic' | 'consumer'
  /** Classic only: a member that is silent for so long is dead. Default 45,000. */
  readonly sessionTimeout?: number
  /** Classic only. Default 3,000, at most a third of the session. */
  readonly heartbeatInterval?: number
  /** How long members may take to give up what they lose. Default 60,000. */
  readonly rebalanceTimeout?: number
  /** What is in hand of a partition that goes to another may be settled for so long. Default 5,000. */
  readonly revokeTimeout?: number
  /** How far a partition is read beyond its oldest un-settled record. Default 1,000 records. */
  readonly maxAhead?: number
  /**
   * Failures wait in a topic of their own, `<topic>..retry-<group>`, so that what they failed in goes on without them and
   * neither they nor their attempts are lost with a consumer; they lose their place among their key's. Default: they wait
   * in this process.
   */
  readonly retryTopics?: boolean
  /** How often new topics (of a pattern) and new partitions are looked for. Default 5,000. */
  readonly refresh?: number
  /** 'committed' (default): records of open and aborted transactions are not seen. */
  readonly isolation?: 'committed' | 'uncommitted'
  /** Makes transactions possible. Of two processes with the same one, the later fences the earlier. */
  readonly transactionalId?: string
  /** 'watermill': headers as watermill-kafka writes them. Default 'millrace'. */
  readonly wire?: Wire
}

const OPTIONS = {
  url: true, client: true, clientId: true, tls: true, sasl: true, mechanism: true, topology: true, partitions: true,
  replicas: true, topicConfig: true, maxBytes: true, partitioner: true, compression: true, linger: true, batchBytes: true,
  groupProtocol: true, sessionTimeout: true, heartbeatInterval: true, rebalanceTimeout: true, revokeTimeout: true,
  maxAhead: true, retryTopics: true, refresh: true, isolation: true, transactionalId: true, wire: true, reconnect: true,
  connectTimeout: true,
} satisfies Record<keyof KafkaOptions, true> // prettier-ignore

/** Options with every default in place. */
export interface Plan {
  /** For every client that is made. */
  readonly base: BaseOptions
  readonly topology: 'create' | 'check' | 'none'
  readonly partitions: number
  readonly replicas: number
  readonly topicConfig: Readonly<Record<string, string>>
  readonly maxBytes: number
  readonly partitioner: ((key: Buffer, partitions: number) => number) | undefined
  readonly compression: CompressionAlgorithmValue
  readonly linger: number
  readonly batchBytes: number
  readonly groupProtocol: 'classic' | 'consumer'
  readonly sessionTimeout: number
  readonly heartbeatInterval: number
  readonly rebalanceTimeout: number
  readonly revokeTimeout: number
  readonly maxAhead: number
  readonly retryTopics: boolean
  readonly refresh: number
  readonly isolation: 'committed' | 'uncommitted'
  readonly transactionalId: string | undefined
  readonly wire: Wire
}

/** @throws BAD_OPTION, never with a credential in it */
export function plan(given: KafkaOptions): Plan {
  known('kafka', given, OPTIONS)
  if (given.url !== undefined && typeof given.url !== 'string')
    throw new MillraceError('BAD_OPTION', 'kafka: url is a string')
  const options: KafkaOptions = { ...given, ...fromQuery(given.url) }
  const { clientId = 'millrace', sessionTimeout = 45_000, heartbeatInterval = 3_000, revokeTimeout = 5_000 } = options
  const { maxBytes = 1024 * 1024, batchBytes = 512 * 1024, maxAhead = 1_000, refresh = 5_000 } = options
  const { rebalanceTimeout = 60_000, linger = 0, partitions = -1, replicas = -1 } = options
  for (const [name, value] of Object.entries({ sessionTimeout, heartbeatInterval, maxBytes, batchBytes, refresh }))
    atLeast(name, value, 1)
  for (const [name, value] of Object.entries({ maxAhead, rebalanceTimeout })) atLeast(name, value, 1)
  for (const [name, value] of Object.entries({ linger, revokeTimeout })) atLeast(name, value, 0)
  for (const [name, value] of Object.entries({ partitions, replicas })) if (value !== -1) atLeast(name, value, 1)
  return {
    base: {
      clientId,
      retries: 2,
      retryDelay: 100,
      metadataMaxAge: 60_000,
      // A JoinGroup may be answered as late as this.
      requestTimeout: rebalanceTimeout + 10_000,
      ...address(options),
    },
    topology: oneOf('topology', options.topology ?? 'create', ['create', 'check', 'none']),
    partitions,
    replicas,
    topicConfig: { 'max.message.bytes': String(maxBytes + HEADROOM), ...options.topicConfig },
    maxBytes,
    partitioner: options.partitioner,
    compression: oneOf('compression', options.compression ?? 'none', ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    linger,
    batchBytes,
    groupProtocol: oneOf('groupProtocol', options.groupProtocol ?? 'classic', ['classic', 'consumer']),
    sessionTimeout,
    heartbeatInterval: Math.min(heartbeatInterval, Math.ceil(sessionTimeout / 3)),
    rebalanceTimeout,
    revokeTimeout: Math.min(revokeTimeout, Math.ceil(sessionTimeout / 3)),
    maxAhead,
    retryTopics: options.retryTopics ?? false,
    refresh,
    isolation: oneOf('isolation', options.isolation ?? 'committed', ['committed', 'uncommitted']),
    transactionalId: options.transactionalId,
    wire: oneOf('wire', options.wire ?? 'millrace', ['millrace', 'watermill']),
  }
}

/** Headers and framing beside a payload of the largest size. */
const HEADROOM = 64 * 1024

function address(options: KafkaOptions): Partial<BaseOptions> & Pick<BaseOptions, 'bootstrapBrokers'> {
  const { url, client } = options
  if ((url === undefined) === (client === undefined))
    throw new MillraceError('BAD_OPTION', "kafka: give either a url or a client's options")
  if (client) {
    for (const option of ['clientId', 'tls', 'sasl', 'mechanism'] as const)
      if (options[option] !== undefined)
        throw new MillraceError('BAD_OPTION', `kafka: ${option} goes into client, where a client's options are given`)
    return client
  }
  const read = /^(kafka|kafka\+ssl):\/\/(?:([^@/]*)@)?([^/?@]+)\/?(?:\?.*)?$/i.exec(url ?? '')
  if (!read?.[3]?.split(',').every(isHost))
    throw new MillraceError(
      'BAD_OPTION',
      'kafka: a url is kafka://user:password@host:9092, or kafka+ssl://…; yours is not',
    )
  const [, scheme = '', login, hosts = ''] = read
  const secure = scheme.toLowerCase() === 'kafka+ssl'
  const sasl = options.sasl ?? (login === undefined ? undefined : credentials(login, options.mechanism ?? 'PLAIN'))
  return {
    bootstrapBrokers: hosts.split(',').map(host => (/:\d+$/.test(host) ? host : `${host}:9092`)),
    // The client sends no server name by itself; without one a server behind a shared address has no certificate to show.
    ...((secure || options.tls) && { tls: { ...options.tls }, tlsServerName: true }),
    ...(sasl && { sasl }),
  }
}

/** A name, an address or an IPv6 address in brackets, perhaps with a port. */
function isHost(text: string): boolean {
  const read = /^(?:\[[0-9a-f:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/i.exec(text)
  return read !== null && Number(read[1] ?? 1) <= 65_535 && read[1] !== '0'
}

function credentials(login: string, mechanism: string): SASLOptions {
  const at = login.indexOf(':')
  if (at < 0) throw new MillraceError('BAD_OPTION', 'kafka: a user in the url needs a password: user:password@host')
  try {
    return {
      mechanism: oneOf('mechanism', mechanism, ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      username: decodeURIComponent(login.slice(0, at)),
      password: decodeURIComponent(login.slice(at + 1)),
    }
  } catch (error) {
    if (error instanceof URIError)
      throw new MillraceError('BAD_OPTION', 'kafka: user and password in a url are percent-encoded')
    throw error
  }
}

const TEXTS = [
  'clientId',
  'mechanism',
  'topology',
  'compression',
  'groupProtocol',
  'isolation',
  'transactionalId',
  'wire',
]
const NUMBERS = [
  'partitions',
  'replicas',
  'maxBytes',
  'linger',
  'batchBytes',
  'sessionTimeout',
  'heartbeatInterval',
  'rebalanceTimeout',
  'revokeTimeout',
  'maxAhead',
  'refresh',
]

function fromQuery(url: string | undefined): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(url?.split('?')[1] ?? '')) {
    if (TEXTS.includes(name)) found[name] = value
    else if (NUMBERS.includes(name)) found[name] = value.trim() === '' ? NaN : Number(value)
    else if (name === 'retryTopics') found[name] = oneOf(name, value, ['true', 'false']) === 'true'
    else throw new MillraceError('BAD_OPTION', `kafka: there is no option '${name}' for the url`)
  }
  return found
}

function atLeast(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new MillraceError('BAD_OPTION', `kafka: ${name} is a whole number of ${least} or more, not ${value}`)
}

function oneOf<T extends string>(name: string, value: string, all: readonly T[]): T {
  const found = all.find(one => one === value)
  if (found === undefined)
    throw new MillraceError('BAD_OPTION', `kafka: ${name} is one of ${all.join(', ')}, not '${value}'`)
  return found
}

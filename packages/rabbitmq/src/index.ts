/** RabbitMQ behind Millrace's contract: confirmed, persistent, on quorum queues unless asked otherwise. */
import type { Broker } from 'millrace'
import { broker, known, MillraceError } from 'millrace/adapter'
import type { BrokerOptions } from 'millrace/adapter'
import { Connection } from './connection.ts'
import type { RabbitConnectionOptions } from './connection.ts'
import { RabbitDriver } from './driver.ts'
import type { Wire } from './encode.ts'
import { checkedPrefix } from './topology.ts'
import type { Preset, Retain } from './topology.ts'
import { fromUrl } from './url.ts'

export type { RabbitConnectionOptions } from './connection.ts'
export type { Wire } from './encode.ts'
export type { Preset, Retain } from './topology.ts'

export interface RabbitOptions extends RabbitConnectionOptions, Pick<BrokerOptions, 'reconnect' | 'connectTimeout'> {
  /**
   * 'topic' (default): one topic exchange, a queue for each group of a topic or pattern. 'fanout': an exchange for each
   * topic; publishing to nobody is no error. 'work': one queue for each topic, and one group, 'workers'.
   */
  readonly preset?: Preset
  /** What names of exchanges and queues begin with: 1 to 20 of [A-Za-z0-9_-]. Default 'millrace'. */
  readonly prefix?: string
  /**
   * Default 'quorum': replicated, counts deliveries. 'classic' has priorities. 'stream': one stream for each topic, which
   * is kept when it was read: everyone reads all of it, from wherever they want, and there are no groups.
   */
  readonly queues?: 'quorum' | 'classic' | 'stream'
  /** What a stream keeps; part of the stream: another value for one that is there is TOPOLOGY_MISMATCH. */
  readonly retain?: Retain
  /** Whether missing exchanges and queues are made. Default 'create'. */
  readonly topology?: 'create' | 'check' | 'none'
  /** Whether publishing what no queue takes is NO_ROUTE. Default true; false in the preset 'fanout'. */
  readonly mandatory?: boolean
  /** One consumer of a group works, the others stand by: order, per key and in all. Default false. */
  readonly singleActiveConsumer?: boolean
  /** Levels of priority, 2 to 256, with `queues: 'classic'`. Default 0. */
  readonly priorities?: number
  /** How often a quorum queue hands a message out before it goes to the net. Default 50: five times `maxDeliveries`. */
  readonly deliveryLimit?: number
  /** The largest payload; the server's own limit is 16 MiB by default, which is the default here. */
  readonly maxBytes?: number
  /** 'watermill': headers as Watermill reads and writes them. Default 'millrace'. */
  readonly wire?: Wire
}

const OPTIONS = {
  url: true, client: true, connect: true, preset: true, prefix: true, queues: true, retain: true, topology: true,
  mandatory: true, singleActiveConsumer: true, priorities: true, deliveryLimit: true, maxBytes: true, wire: true,
  reconnect: true, connectTimeout: true,
} satisfies Record<keyof RabbitOptions, true> // prettier-ignore
const RETAIN = { bytes: true, age: true } satisfies Record<keyof Retain, true>

const MAX_BYTES = 16 * 1024 * 1024

/** A broker on RabbitMQ 3.10 or newer. Options may stand in the URL's query as well. @throws BAD_OPTION */
export function rabbitmq(given: RabbitOptions): Broker {
  known('rabbitmq', given, OPTIONS)
  const { url, options: own } = given.url === undefined ? { url: undefined, options: {} } : fromUrl(given.url)
  const options: RabbitOptions = { ...given, ...own }
  const { preset = 'topic', queues = 'quorum', topology = 'create', wire = 'millrace', priorities = 0 } = options
  const {
    retain = {},
    prefix = 'millrace',
    maxBytes = MAX_BYTES,
    deliveryLimit = 50,
    singleActiveConsumer = false,
  } = options
  oneOf('preset', preset, ['topic', 'fanout', 'work'])
  oneOf('queues', queues, ['quorum', 'classic', 'stream'])
  oneOf('topology', topology, ['create', 'check', 'none'])
  oneOf('wire', wire, ['millrace', 'watermill'])
  whole('priorities', priorities, 0, 256)
  whole('deliveryLimit', deliveryLimit, 1, 1_000_000)
  whole('maxBytes', maxBytes, 1, 512 * 1024 * 1024)
  if (priorities > 1 && queues !== 'classic')
    throw new MillraceError('BAD_OPTION', "rabbitmq: priorities need queues: 'classic'")
  if (queues === 'stream' && (preset !== 'topic' || singleActiveConsumer))
    throw new MillraceError('BAD_OPTION', "rabbitmq: streams go with preset 'topic', and without singleActiveConsumer")
  known('rabbitmq: retain', retain, RETAIN)
  whole('retain.bytes', retain.bytes ?? 1_000, 1_000, Number.MAX_SAFE_INTEGER)
  whole('retain.age', retain.age ?? 1, 1, Number.MAX_SAFE_INTEGER)
  if (options.retain && queues !== 'stream')
    throw new MillraceError('BAD_OPTION', "rabbitmq: retain goes with queues: 'stream'")
  const driver = new RabbitDriver({
    connection: new Connection(options, url),
    preset,
    prefix: checkedPrefix(prefix),
    queues,
    retain,
    topology,
    mandatory: options.mandatory ?? preset !== 'fanout',
    singleActiveConsumer,
    priorities,
    deliveryLimit,
    maxBytes,
    wire,
  })
  return broker(driver, options)
}

function oneOf(name: string, value: string, values: readonly string[]): void {
  if (!values.includes(value))
    throw new MillraceError('BAD_OPTION', `rabbitmq: ${name} is ${values.join(', ')}, not '${value}'`)
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new MillraceError('BAD_OPTION', `rabbitmq: ${name} is a whole number from ${least} to ${most}, not ${value}`)
}

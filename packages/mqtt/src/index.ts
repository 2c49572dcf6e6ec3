/** MQTT 5 and 3.1.1 behind Millrace's contract. */
import type { Broker, Message } from 'millrace'
import { broker, known, MillraceError } from 'millrace/adapter'
import type { BrokerOptions } from 'millrace/adapter'
import type { IClientOptions, MqttClient } from 'mqtt'
import { address } from './address.ts'
import { MqttDriver } from './driver.ts'
import type { Publishing, QoS } from './driver.ts'
import { toMqtt } from './encode.ts'
import type { Wire } from './encode.ts'
import { native, prefixed } from './topics.ts'
import type { Topics } from './topics.ts'

export type { MqttSubscribeOptions, Publishing, QoS } from './driver.ts'
export type { Wire } from './encode.ts'

/** What the server publishes when the publishing connection breaks; not after a close. */
export interface Will {
  readonly topic: string
  readonly message: Message
  readonly qos?: QoS
  readonly retain?: boolean
  /** ms that the server waits for the connection to come back; MQTT 5 only. */
  readonly delay?: number
}

export interface MqttOptions extends Pick<BrokerOptions, 'reconnect' | 'connectTimeout'> {
  /** `mqtt://user:password@host:1883`, `mqtts:`, `mqtt+ws:` or `mqtt+wss:`. */
  readonly url?: string
  /** A client of your own: it publishes and is left open. Subscriptions have connections of their own, made like it. */
  readonly client?: MqttClient
  /** For the client: TLS, keep-alive, WebSocket options, further properties. Reconnection is core's. */
  readonly connect?: Omit<IClientOptions, 'reconnectPeriod' | 'clean' | 'clientId' | 'protocolVersion' | 'will'>
  /** The protocol. Default '5'. */
  readonly version?: '5' | '3.1.1'
  /** Topics are below `<prefix>/t/` and `<prefix>/d/` (dead letters). Default 'millrace'. */
  readonly prefix?: string
  /** 'native': topics are MQTT topics as they are, with `/` for `.`. Default 'prefixed'. */
  readonly names?: 'prefixed' | 'native'
  /** For publishing and subscribing. Default 1. With 0 nothing is acknowledged and what is in hand is lost with it. */
  readonly qos?: QoS
  /** QoS and retaining for each message. */
  readonly publishing?: (topic: string, message: Message) => Publishing
  /** Default 'properties' with version 5 and 'envelope' with 3.1.1. */
  readonly wire?: Wire
  /** Unique and stable: sessions of groups then outlive the process. Default: random, sessions end with their subscriptions. */
  readonly clientId?: string
  /** ms that the server keeps a group that has no member; MQTT 5 only. Default 7 days. */
  readonly sessionExpiry?: number
  readonly will?: Will
  /** The largest payload. Default 1 MiB. */
  readonly maxBytes?: number
  /** QoS 0 messages that wait in this process at most. Default 65,536. */
  readonly maxPending?: number
  /** Publishes that are un-acknowledged at most. Default: what the server says; 20 on a client of your own. */
  readonly inFlight?: number
  /** Whether publishing what nobody subscribes to is NO_ROUTE; with MQTT 5 and QoS 1 only. Default false. */
  readonly mandatory?: boolean
  /**
   * ms for groups to come back after an outage, for a server that restarted may know nothing of them. With MQTT 5 and
   * QoS 1 a message that found no subscriber is published again for so long after the connection came back (default 10 s,
   * core's longest pause between two tries). With 3.1.1, QoS 2 or `publishing` that is not, or not always, told: nothing
   * is published for so long (default 2 s).
   */
  readonly rejoin?: number
}

const OPTIONS = {
  url: true, client: true, connect: true, version: true, prefix: true, names: true, qos: true, publishing: true, wire: true,
  clientId: true, sessionExpiry: true, will: true, maxBytes: true, maxPending: true, inFlight: true, mandatory: true,
  rejoin: true, reconnect: true, connectTimeout: true,
} satisfies Record<keyof MqttOptions, true> // prettier-ignore

const WEEK = 7 * 24 * 3600 * 1000

/** A broker over MQTT. @throws BAD_OPTION */
export function mqtt(given: MqttOptions): Broker {
  known('mqtt', given, OPTIONS)
  if (given.url !== undefined && typeof given.url !== 'string')
    throw new MillraceError('BAD_OPTION', 'mqtt: url is a string')
  const options = { ...given, ...fromQuery(given.url) }
  const {
    url,
    client,
    clientId,
    version: asked = given.client?.options.protocolVersion === 4 ? '3.1.1' : '5',
  } = options
  if ((url === undefined) === (client === undefined))
    throw new MillraceError('BAD_OPTION', 'mqtt: give either a url or a client')
  if (client && options.will) throw new MillraceError('BAD_OPTION', 'mqtt: a client of your own has its own will')
  oneOf('version', asked, ['5', '3.1.1'])
  const version = asked === '5' ? 5 : 4
  const { wire = version === 5 ? 'properties' : 'envelope', names = 'prefixed', prefix = 'millrace', qos = 1 } = options
  oneOf('wire', wire, version === 5 ? ['properties', 'envelope'] : ['envelope'])
  oneOf('names', names, ['prefixed', 'native'])
  oneOf('qos', qos, [0, 1, 2])
  if (options.mandatory && (version === 4 || qos !== 1))
    throw new MillraceError('BAD_OPTION', 'mqtt: mandatory needs MQTT 5 and QoS 1')
  if (clientId !== undefined && !/^[A-Za-z0-9._-]{1,80}$/.test(clientId))
    throw new MillraceError('BAD_OPTION', 'mqtt: clientId is 1 to 80 of [A-Za-z0-9._-]')
  const topics = (names === 'native' ? native : prefixed)(checkedPrefix(prefix))
  const driver = new MqttDriver({
    dial: {
      ...(client ? client.options : address(url ?? '')),
      connectTimeout: 10_000,
      keepalive: 15,
      ...options.connect,
      protocolVersion: version,
      ...(options.will && { will: willOf(options.will, topics, wire, version) }),
    },
    client,
    version,
    topics,
    qos,
    wire,
    maxBytes: whole('maxBytes', options.maxBytes ?? 1024 * 1024, 1),
    maxPending: whole('maxPending', options.maxPending ?? 65_536, 0),
    publishing: options.publishing,
    inFlight: options.inFlight === undefined ? undefined : whole('inFlight', options.inFlight, 1),
    clientId,
    mandatory: options.mandatory ?? false,
    rejoin: options.rejoin === undefined ? undefined : whole('rejoin', options.rejoin, 0),
    sessionExpiry: whole('sessionExpiry', options.sessionExpiry ?? WEEK, 1000),
  })
  return broker(driver, options)
}

function willOf(will: Will, topics: Topics, wire: Wire, version: 4 | 5): NonNullable<IClientOptions['will']> {
  const { payload, properties } = toMqtt(will.message, {}, wire, version)
  const delay = will.delay === undefined ? {} : { willDelayInterval: Math.ceil(will.delay / 1000) }
  return {
    topic: topics.of(will.topic),
    payload,
    qos: will.qos ?? 1,
    retain: will.retain ?? false,
    ...(version === 5 && { properties: { ...properties, ...delay } }),
  }
}

function checkedPrefix(prefix: string): string {
  if (/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(prefix)) return prefix
  throw new MillraceError('BAD_OPTION', `mqtt: prefix '${prefix}' is not words of [A-Za-z0-9_-] joined by '/'`)
}

function oneOf(name: string, value: unknown, all: readonly unknown[]): void {
  if (!all.includes(value))
    throw new MillraceError('BAD_OPTION', `mqtt: ${name} is one of ${all.join(', ')}, not '${String(value)}'`)
}

function whole(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new MillraceError('BAD_OPTION', `mqtt: ${name} is a whole number of at least ${least}`)
}

const TEXTS = ['prefix', 'names', 'wire', 'version', 'clientId']
const NUMBERS = ['qos', 'maxBytes', 'maxPending', 'inFlight', 'sessionExpiry', 'rejoin']

/** Options in the URL's query. @throws BAD_OPTION for one that there is not */
function fromQuery(url: string | undefined): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(url?.split('?')[1] ?? '')) {
    if (TEXTS.includes(name)) found[name] = value
    else if (NUMBERS.includes(name)) found[name] = value.trim() === '' ? Number.NaN : Number(value)
    else throw new MillraceError('BAD_OPTION', `mqtt: there is no option '${name}' for the URL`)
  }
  return found
}

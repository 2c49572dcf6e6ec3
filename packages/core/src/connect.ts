import type { Broker } from './contract.ts'
import { abortable, known } from './bounds.ts'
import { asError, MillraceError } from './errors.ts'
import { memory } from './memory/index.ts'
import type { MemoryOptions } from './memory/index.ts'

/** Makes a broker of a URL and options; what every adapter's factory is. */
export type Factory = (options: { readonly url: string } & Readonly<Record<string, unknown>>) => Broker

/** How to connect, beside what the URL says. */
export interface ConnectOptions {
  /** Factories by scheme's adapter (`kafka`, `rabbitmq`, …) that are there already: for bundlers, and for adapters of your own. */
  readonly adapters?: Readonly<Record<string, Factory>>
  /** Waits until the broker is reached (default), so that a wrong password comes out here; false: at first use. */
  readonly open?: boolean
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** Options of the adapter's own, beside those in the URL's query. */
  readonly options?: Readonly<Record<string, unknown>>
}

const OPTIONS = { adapters: true, open: true, signal: true, options: true } satisfies Record<keyof ConnectOptions, true>

interface Adapter {
  readonly name: string
  readonly from: string
  /** The exported factory. */
  readonly factory: string
  /** The scheme is kept for it, and it is not written yet. */
  readonly planned?: true
}

function adapter(name: string, from = `@millrace/${name}`, factory = name): Adapter {
  return { name, from, factory }
}

/** Kept for a package that is not written yet. */
function planned(name: string): Adapter {
  return { ...adapter(name), planned: true }
}

const nats = adapter('nats')
const jetstream = adapter('nats', '@millrace/nats', 'jetstream')
const zeromq = adapter('zeromq', '@millrace/zeromq/pubsub')

/** By scheme, without its colon. */
const SCHEMES: Readonly<Record<string, Adapter>> = {
  sqlite: planned('sqlite'),
  amqp: adapter('rabbitmq'),
  amqps: adapter('rabbitmq'),
  kafka: adapter('kafka'),
  'kafka+ssl': adapter('kafka'),
  mqtt: adapter('mqtt'),
  mqtts: adapter('mqtt'),
  'mqtt+ws': adapter('mqtt'),
  'mqtt+wss': adapter('mqtt'),
  nats,
  jetstream,
  redis: planned('redis'),
  rediss: planned('redis'),
  postgres: planned('postgres'),
  postgresql: planned('postgres'),
  sqs: planned('sqs'),
  http: planned('http'),
  https: planned('http'),
  'zmq+tcp': zeromq,
  'zmq+ipc': zeromq,
  'zmq+inproc': zeromq,
}

/**
 * A broker for a URL: `memory:`, `amqp://user:password@host`, `kafka://host:9092`… Options go in the query; credentials
 * are never part of an error.
 * @throws BAD_OPTION for a scheme or an option that there is not; NOT_INSTALLED, naming the package; what `open` rejects with
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Broker> {
  known("connect (an adapter's own options go into 'options')", options, OPTIONS)
  abortable('connect', options.signal)
  if (typeof url !== 'string') throw new MillraceError('BAD_OPTION', `connect: the URL is a string, not ${typeof url}`)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined)
    throw new MillraceError('BAD_OPTION', "connect: a URL begins with its scheme, such as 'memory:' or 'amqp:'")
  const broker = scheme === 'memory' ? memory(memoryOptions(url, options.options)) : await other(scheme, url, options)
  if (options.open === false) return broker
  try {
    await broker.open(options.signal ? { signal: options.signal } : {})
  } catch (error) {
    await broker.close({ timeout: 0 })
    throw error
  }
  return broker
}

async function other(scheme: string, url: string, options: ConnectOptions): Promise<Broker> {
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (!known) {
    const there = Object.keys(SCHEMES).filter(name => !SCHEMES[name]?.planned)
    const all = ['memory', ...there].join(', ')
    throw new MillraceError('BAD_OPTION', `connect: there is no scheme '${scheme}:'; there are ${all}`)
  }
  const given = options.adapters?.[known.factory] ?? options.adapters?.[known.name]
  const factory = given ?? (await load(known, scheme))
  return factory({ ...options.options, url })
}

async function load({ from, factory, planned }: Adapter, scheme: string): Promise<Factory> {
  let module: Readonly<Record<string, unknown>>
  try {
    // Bundlers leave it to run time: it is a variable, and where that is not enough they are told.
    module = (await import(/* webpackIgnore: true */ /* @vite-ignore */ from)) as typeof module
  } catch (error) {
    if (!missing(error, from)) throw error
    const name = from.split('/').slice(0, 2).join('/')
    const when = planned ? ', once it is there: it is planned' : ''
    const what = `needs a package that is not installed: npm install ${name}${when}`
    throw new MillraceError('NOT_INSTALLED', `connect: '${scheme}:' ${what}`, { cause: error })
  }
  const made = module[factory]
  if (typeof made !== 'function')
    throw new MillraceError('NOT_INSTALLED', `connect: '${from}' has no '${factory}': install a newer version of it`)
  return made as Factory
}

/** The package itself is missing, or a package that it needs. */
function missing(error: unknown, from: string): boolean {
  const { code } = asError(error) as { code?: string }
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED' && code !== 'ENOENT') return false
  return asError(error).message.includes(from.split('/').slice(0, 2).join('/'))
}

const MEMORY_NUMBERS = ['ttl', 'maxTopics', 'maxSubscribers', 'maxBytes', 'dedupeWindow', 'idleTopics']

/** `memory:?capacity=1000&whenFull=refuse`; capacity and retain count messages. @throws BAD_OPTION */
function memoryOptions(url: string, beside: Readonly<Record<string, unknown>> | undefined): MemoryOptions {
  if (!/^memory:(?:\/\/)?(?:\?.*)?$/is.test(url))
    throw new MillraceError('BAD_OPTION', "connect: 'memory:' takes no name: each is a broker of its own")
  const options: Record<string, unknown> = { ...beside }
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '')
  for (const [name, text] of query) {
    if (name === 'capacity' || name === 'retain') options[name] = { messages: number(name, text) }
    else if (MEMORY_NUMBERS.includes(name)) options[name] = number(name, text)
    else options[name] = text
  }
  return options
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value))
    throw new MillraceError('BAD_OPTION', `connect: '${name}' is a number, not '${text}'`)
  return value
}

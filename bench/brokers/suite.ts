/**
 * Each broker through Millrace beside its bare client and beside Watermill: the same server, settings and messages in
 * flight, in one run.
 */
import { message } from 'millrace'
import type { Broker } from 'millrace'
import { newId } from 'millrace/adapter'
import { measure } from '../measure.ts'
import type { Contender, MeasureOptions } from '../measure.ts'
import { chooses } from '../row.ts'
import type { Row, Suite, SuiteOptions } from '../row.ts'
import { Drain, pipelined } from './contender.ts'
import type { Backend, Opened } from './contender.ts'
import { kafka } from './kafka.ts'
import { mqtt } from './mqtt.ts'
import { nats } from './nats.ts'
import { classic, quorum } from './rabbitmq.ts'
import { watermill, watermillContender } from './watermill.ts'

const BACKENDS: readonly Backend[] = [nats, quorum, classic, kafka, mqtt]
const SIZE = 256
const PAYLOAD = Buffer.alloc(SIZE, 'm')
const GROUP = 'bench'
const OURS = 'Millrace'
const BARE = 'bare client'
/** One by one, and as many in flight. */
const WINDOWS = [1, 256]
const OPERATIONS = ['publish', 'consume'] as const
type Operation = (typeof OPERATIONS)[number]

/** By broker, operation and messages in flight. */
export const cases: readonly string[] = BACKENDS.flatMap(backend =>
  WINDOWS.flatMap(window => OPERATIONS.map(operation => named(backend, operation, window))),
)

/** All of them, or those that `only` chooses: `mqtt`, `rabbitmq-quorum: publish`, `kafka: consume 1`. */
export const run: Suite = async options => {
  const rows: Row[] = []
  for (const backend of BACKENDS) {
    const wanted = (window: number): readonly Operation[] =>
      OPERATIONS.filter(operation => chooses(options.only, named(backend, operation, window)))
    if (WINDOWS.every(window => wanted(window).length === 0)) continue
    options.log(`${backend.name}: starting its server`)
    const opened = await backend.open()
    try {
      for (const window of WINDOWS)
        for (const operation of wanted(window))
          rows.push(
            ...(await (operation === 'publish' ? comparePublish : compareConsume)(backend, opened, window, options)),
          )
    } finally {
      await opened.close()
    }
  }
  return rows
}

function named({ name }: Backend, operation: Operation, window: number): string {
  return `${name}: ${operation} ${window}`
}

async function comparePublish(backend: Backend, opened: Opened, window: number, options: SuiteOptions): Promise<Row[]> {
  const { name, settings, counts } = backend
  const { broker, bare } = opened
  const others = window === 1 ? [] : await rivals(backend, opened, 'publish', options)
  const messages = fewer(window === 1 ? counts.single : counts.publish, options)
  const how = { ...rounds(window, options), case: `${name}: publish (${settings})` }
  const rows = await measure(
    [
      rate(OURS, () => publish(broker, messages, window), rivalsOf(others)),
      rate(BARE, () => publishBare(bare, messages, window)),
      ...others,
    ],
    how,
  )
  if (window === 1 || !bare.batches) return rows
  const many = fewer(counts.consume, options)
  const batches = await measure(
    [
      rate(OURS, () => publishBatches(broker, many, window), [BARE]),
      rate(BARE, () => publishBatchesBare(bare, many, window)),
    ],
    { ...how, size: `${SIZE} B, ${window} in each call` },
  )
  return [...rows, ...batches]
}

async function compareConsume(backend: Backend, opened: Opened, window: number, options: SuiteOptions): Promise<Row[]> {
  const { name, settings, counts } = backend
  const { broker, bare } = opened
  const others = window === 1 ? [] : await rivals(backend, opened, 'consume', options)
  const messages = fewer(window === 1 ? counts.single : counts.consume, options)
  return measure(
    [
      rate(OURS, () => consume(broker, messages, window), rivalsOf(others)),
      rate(BARE, () => consumeBare(bare, messages, window)),
      ...others,
    ],
    { ...rounds(window, options), case: `${name}: consume (${settings})` },
  )
}

/**
 * One by one a round is short and there are many: where the scheduler puts server and client decides a good half of the
 * rate, and holds for a while. With many in flight it is the server's own work on the disk that comes in waves.
 */
function rounds(window: number, options: SuiteOptions): Omit<MeasureOptions, 'case'> {
  const { quick = false } = options
  const [repeats, warmUp] = window === 1 ? [31, 4] : [7, 1]
  const size = `${SIZE} B, ${window} in flight`
  return { size, repeats: quick ? 1 : repeats, warmUp: quick ? 0 : warmUp, log: line => options.log(line) }
}

function fewer(messages: number, { quick = false }: SuiteOptions): number {
  return Math.ceil(messages / (quick ? 20 : 1))
}

function rivalsOf(others: readonly Contender[]): string[] {
  return [BARE, ...others.map(one => one.name)]
}

async function rivals(
  { watermill: settings }: Backend,
  opened: Opened,
  operation: Operation,
  options: SuiteOptions,
): Promise<readonly Contender[]> {
  const program = settings && (await watermill(line => options.log(line)))
  if (!program) return []
  return settings[operation].map(setting => watermillContender(program, opened, { operation, setting, size: SIZE }))
}

interface Timed {
  readonly messages: number
  readonly took: number
}

function rate(name: string, run: () => Promise<Timed>, rival?: readonly string[]): Contender {
  const value = async (): Promise<number> => {
    globalThis.gc?.()
    const { messages, took } = await run()
    return (messages / took) * 1000
  }
  return { name, run: value, value, ...(rival && { rival }) }
}

/** Timed are the publishes alone: the topic is there, and the connection has been used. */
async function publish(broker: Broker, messages: number, window: number, topic = newId()): Promise<Timed> {
  await broker.declare(topic, { group: GROUP })
  await broker.publish(topic, message(PAYLOAD))
  const started = performance.now()
  await pipelined(messages, window, () => broker.publish(topic, message(PAYLOAD)))
  return { messages, took: performance.now() - started }
}

async function publishBare(bare: Opened['bare'], messages: number, window: number, topic = newId()): Promise<Timed> {
  await bare.prepare(topic)
  await bare.publish(topic, PAYLOAD, 1, 1)
  const started = performance.now()
  await bare.publish(topic, PAYLOAD, messages, window)
  return { messages, took: performance.now() - started }
}

/** One call after the other, with so many messages in each. */
async function publishBatches(broker: Broker, messages: number, size: number, topic = newId()): Promise<Timed> {
  await broker.declare(topic, { group: GROUP })
  await broker.publish(topic, message(PAYLOAD))
  const batch = (): ReturnType<typeof message>[] => Array.from({ length: size }, () => message(PAYLOAD))
  const started = performance.now()
  await pipelined(Math.ceil(messages / size), 1, () => broker.publish(topic, batch()))
  return { messages, took: performance.now() - started }
}

async function publishBatchesBare(bare: Opened['bare'], messages: number, size: number): Promise<Timed> {
  const topic = newId()
  await bare.prepare(topic)
  await bare.publish(topic, PAYLOAD, 1, 1)
  const started = performance.now()
  await bare.batches?.(topic, PAYLOAD, messages, size)
  return { messages, took: performance.now() - started }
}

/** Timed is from the first message of a backlog to the last acknowledgement. */
async function consume(broker: Broker, messages: number, window: number): Promise<Timed> {
  const topic = newId()
  await broker.declare(topic, { group: GROUP })
  await pipelined(Math.ceil(messages / 500), 4, () =>
    broker.publish(
      topic,
      Array.from({ length: 500 }, () => message(PAYLOAD)),
    ),
  )
  // Where an acknowledgement is confirmed, one by one means to wait for that; elsewhere the prefetch says so.
  const flushes = window === 1 && broker.capabilities.settles === 'confirmed'
  const subscription = await broker.subscribe(topic, { group: GROUP, prefetch: window })
  const drain = new Drain(messages)
  for await (const delivery of subscription) {
    const isLast = drain.came()
    delivery.ack()
    if (flushes) await subscription.flush()
    if (isLast) break
  }
  await subscription.flush()
  drain.last()
  const took = await drain.done
  await subscription.close({ timeout: 0 })
  return { messages, took }
}

async function consumeBare(bare: Opened['bare'], messages: number, window: number): Promise<Timed> {
  const topic = newId()
  await bare.prepare(topic)
  if (bare.batches) await bare.batches(topic, PAYLOAD, messages, 500)
  else await bare.publish(topic, PAYLOAD, messages, 200)
  return { messages, took: await bare.consume(topic, messages, window) }
}

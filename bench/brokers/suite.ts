/**
 * Each broker through Millrace beside its bare client and beside Watermill: the same server, settings and messages in
 * flight, in one run.
 */
import { message } from 'millrace'
import type { Broker } from 'millrace'
import { newId } from 'millrace/adapter'
import { measure } from '../measure.ts'
import type { Contender } from '../measure.ts'
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

/** All of them, or those whose name has `only` in it. */
export const run: Suite = async options => {
  const rows: Row[] = []
  for (const backend of BACKENDS.filter(({ name }) => name.includes(options.only ?? ''))) {
    options.log(`${backend.name}: starting its server`)
    const opened = await backend.open()
    try {
      for (const window of WINDOWS) rows.push(...(await compare(backend, opened, window, options)))
    } finally {
      await opened.close()
    }
  }
  return rows
}

/** Publishing, and then consuming what was published. */
async function compare(backend: Backend, opened: Opened, window: number, options: SuiteOptions): Promise<Row[]> {
  const { quick = false } = options
  const log = (line: string): void => options.log(line)
  const { name, settings, counts } = backend
  const others = window === 1 ? { publish: [], consume: [] } : await rivals(backend, opened, log)
  const fewer = (messages: number): number => Math.ceil(messages / (quick ? 20 : 1))
  const published = fewer(window === 1 ? counts.single : counts.publish)
  const consumed = fewer(window === 1 ? counts.single : counts.consume)
  const how = { size: `${SIZE} B, ${window} in flight`, repeats: quick ? 1 : 5, warmUp: quick ? 0 : 1, log }
  const names = (contenders: readonly Contender[]): string[] => [BARE, ...contenders.map(one => one.name)]
  const { broker, bare } = opened
  return [
    ...(await measure(
      [
        rate(OURS, () => publish(broker, published, window), names(others.publish)),
        rate(BARE, () => publishBare(bare, published, window)),
        ...others.publish,
      ],
      { ...how, case: `${name}: publish (${settings})` },
    )),
    ...(window > 1 && bare.batches
      ? await measure(
          [
            rate(OURS, () => publishBatches(broker, counts.consume / (quick ? 20 : 1), window), [BARE]),
            rate(BARE, () => publishBatchesBare(bare, counts.consume / (quick ? 20 : 1), window)),
          ],
          { ...how, size: `${SIZE} B, ${window} in each call`, case: `${name}: publish (${settings})` },
        )
      : []),
    ...(await measure(
      [
        rate(OURS, () => consume(broker, consumed, window), names(others.consume)),
        rate(BARE, () => consumeBare(bare, consumed, window)),
        ...others.consume,
      ],
      { ...how, case: `${name}: consume (${settings})` },
    )),
  ]
}

async function rivals(
  { watermill: settings }: Backend,
  opened: Opened,
  log: (line: string) => void,
): Promise<{ readonly publish: readonly Contender[]; readonly consume: readonly Contender[] }> {
  const program = settings && (await watermill(log))
  if (!program) return { publish: [], consume: [] }
  const contenders = (operation: 'publish' | 'consume'): Contender[] =>
    settings[operation].map(setting => watermillContender(program, opened, { operation, setting, size: SIZE }))
  return { publish: contenders('publish'), consume: contenders('consume') }
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

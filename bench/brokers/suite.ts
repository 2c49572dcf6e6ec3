/** Each broker through Millrace beside its bare client: the same server, settings and messages in flight, in one run. */
import { message } from 'millrace'
import type { Broker } from 'millrace'
import { newId } from 'millrace/adapter'
import { measure } from '../measure.ts'
import type { Row, Suite } from '../row.ts'
import { pipelined } from './contender.ts'
import type { Backend, Opened } from './contender.ts'
import { nats } from './nats.ts'

const BACKENDS: readonly Backend[] = [nats]
const SIZE = 256
const GROUP = 'bench'
/** One by one, and as many in flight. */
const WINDOWS = [1, 256]

export const run: Suite = async options => {
  const { quick = false, only } = options
  const rows: Row[] = []
  for (const backend of BACKENDS) {
    if (only !== undefined && !backend.name.includes(only)) continue
    options.log(`${backend.name}: starting its server`)
    const opened = await backend.open()
    try {
      rows.push(...(await compare(backend.name, opened, quick, line => options.log(line))))
    } finally {
      await opened.close()
    }
  }
  return rows
}

async function compare(
  name: string,
  { broker, bare }: Opened,
  quick: boolean,
  log: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = []
  const repeats = quick ? 1 : 5
  const warmUp = quick ? 0 : 1
  for (const window of WINDOWS) {
    const messages = Math.ceil((window === 1 ? 2000 : 20_000) / (quick ? 20 : 1))
    const filled: Record<'ours' | 'bare', string[]> = { ours: [], bare: [] }
    const size = `${SIZE} B, ${window} in flight`
    rows.push(
      ...(await measure(
        [
          {
            name: 'Millrace',
            rival: 'bare client',
            run: () => publish(broker, filled.ours, messages, window),
          },
          {
            name: 'bare client',
            run: async () => {
              const topic = newId()
              await bare.prepare(topic)
              await bare.publish(topic, SIZE, messages, window)
              filled.bare.push(topic)
              return messages
            },
          },
        ],
        { case: `${name}: publish, confirmed`, size, repeats, warmUp, log },
      )),
    )
    rows.push(
      ...(await measure(
        [
          {
            name: 'Millrace',
            rival: 'bare client',
            run: () => consume(broker, filled.ours.shift() ?? '', messages, window),
          },
          {
            name: 'bare client',
            run: async () => {
              await bare.consume(filled.bare.shift() ?? '', messages, window)
              return messages
            },
          },
        ],
        { case: `${name}: consume, acknowledged`, size, repeats, warmUp, log },
      )),
    )
  }
  return rows
}

async function publish(broker: Broker, filled: string[], messages: number, window: number): Promise<number> {
  const topic = newId()
  await broker.declare(topic, { group: GROUP })
  const payload = new Uint8Array(SIZE)
  await pipelined(messages, window, () => broker.publish(topic, message(payload)))
  filled.push(topic)
  return messages
}

async function consume(broker: Broker, topic: string, messages: number, window: number): Promise<number> {
  const subscription = await broker.subscribe(topic, { group: GROUP, prefetch: window })
  let left = messages
  for await (const delivery of subscription) {
    delivery.ack()
    if (--left === 0) break
  }
  await subscription.flush()
  await subscription.close({ timeout: 0 })
  return messages
}

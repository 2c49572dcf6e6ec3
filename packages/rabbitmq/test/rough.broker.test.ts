import { cases, conformance } from '@millrace/conformance'
import { start } from '@millrace/harness'
import type { FaultProxy } from '@millrace/harness'
import type { Broker } from 'millrace'
import { afterAll, describe, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'

const server = await start('rabbitmq', { fresh: true })
const proxy = await server.proxy()
afterAll(async () => {
  await proxy.close()
  await server.stop()
})

/** What the suite has opened. */
const brokers: Broker[] = []

function open(): Broker {
  const url = `${proxy.through(server.url)}?heartbeat=1`
  const broker = rabbitmq({ url, reconnect: { base: 20, max: 200 } })
  brokers.push(broker)
  return broker
}

/** What the suite takes for a restart, by the name of the fault. */
const FAULTS: Readonly<Record<string, (proxy: FaultProxy) => Promise<void>>> = {
  'are ended': async link => link.cut(),
  'are reset': async link => link.cut('reset'),
  'go deaf and dumb': async link => halfOpen(link),
  'no longer bring answers': async link => halfOpen(link, 'down'),
}

const full = process.env['MILLRACE_FULL'] !== undefined
const all = [cases.reconnect, cases.comesBack, cases.ackOnCutLink, cases.gapTold]
/** Each fault of these takes three seconds to be noticed. */
const slow = ['go deaf and dumb', 'no longer bring answers']

/** Until the clients have noticed, by their heartbeats alone. */
async function halfOpen(link: FaultProxy, direction?: 'down'): Promise<void> {
  const up = brokers.filter(broker => broker.health().state === 'up')
  link.silence(direction)
  while (up.some(broker => broker.health().state === 'up')) await new Promise(resolve => setTimeout(resolve, 20))
  link.heal()
}

for (const [what, fault] of Object.entries(FAULTS))
  describe(`while connections ${what}`, () => {
    conformance({
      name: `rabbitmq, whose connections ${what}`,
      server: server.version,
      mode: full ? 'full' : 'short',
      open,
      restart: () => fault(proxy),
      cases: full || !slow.includes(what) ? all : [cases.reconnect],
      test,
    })
  })

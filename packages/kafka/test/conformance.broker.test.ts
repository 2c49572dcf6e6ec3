import { fileURLToPath } from 'node:url'
import { conformance } from '@millrace/conformance'
import type { ForeignKind } from '@millrace/conformance'
import { heldLink, start } from '@millrace/harness'
import type { RunningServer } from '@millrace/harness'
import { Producer } from '@platformatic/kafka'
import type { Broker } from 'millrace'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { kafka } from '../src/index.ts'

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
let server: RunningServer
let transactional = 0
beforeAll(async () => {
  server = await start('kafka', { fresh: true })
})
afterAll(() => server.stop())

async function foreign(topic: string, what: ForeignKind): Promise<void> {
  const producer = new Producer({ clientId: 'foreign', bootstrapBrokers: [new URL(server.url).host] })
  const headers = new Map([[Buffer.from('millrace-id'), Buffer.from([0xff, 0xfe])]])
  await producer.send({
    messages: [
      { topic, value: Buffer.from(what === 'plain' ? 'foreign' : 'corrupt'), ...(what === 'corrupt' && { headers }) },
    ],
    acks: -1,
  })
  await producer.close()
}

// Retry topics change what happens to failures only: the full form has them too.
const forms = [
  { name: 'classic', groupProtocol: 'classic', retryTopics: false },
  { name: 'consumer', groupProtocol: 'consumer', retryTopics: false },
  ...(mode === 'full' ? [{ name: 'retry-topics', groupProtocol: 'classic', retryTopics: true } as const] : []),
] as const

for (const { name, groupProtocol, retryTopics } of forms)
  describe(`kafka, ${name}`, () => {
    const open = (url: string): Broker =>
      kafka({
        url,
        groupProtocol,
        retryTopics,
        sessionTimeout: 6_000,
        heartbeatInterval: 300,
        refresh: 300,
        transactionalId: `conformance-${process.pid}-${++transactional}`,
      })
    conformance({
      name: `kafka (${name})`,
      server: 'Apache Kafka 4.3.1',
      mode,
      report: fileURLToPath(new URL(`../../../.cache/reports/kafka-${name}`, import.meta.url)),
      // Where the suite only asks for the capabilities there is no server yet.
      open: () => open(server?.url ?? 'kafka://127.0.0.1:1'),
      hold: () => heldLink(server, open),
      // The short form kills the server under one protocol only: each time takes ten seconds.
      ...((name === 'classic' || mode === 'full') && { restart: () => server.restart({ signal: 'SIGKILL' }) }),
      foreign,
      test: (title, run, timeout) => test(title, run, timeout),
    })
  })

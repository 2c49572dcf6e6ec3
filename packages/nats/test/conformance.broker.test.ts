import { fileURLToPath } from 'node:url'
import { conformance } from '@millrace/conformance'
import { heldLink, start } from '@millrace/harness'
import { afterAll, describe, test } from 'vitest'
import { jetstream, nats } from '../src/index.ts'

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
const report = (name: string): string => fileURLToPath(new URL(`../../../.cache/reports/${name}`, import.meta.url))
const server = await start('nats', { fresh: true })
afterAll(() => server.stop())

describe('JetStream keeps the contract', () => {
  conformance({
    name: 'jetstream',
    server: server.version,
    open: () => jetstream({ url: server.url }),
    hold: () => heldLink(server, url => jetstream({ url })),
    restart: () => server.restart({ signal: 'SIGKILL' }),
    test,
    mode,
    lease: 1000,
    report: report('jetstream'),
  })
})

describe('core NATS keeps it for those that subscribe first', () => {
  conformance({
    name: 'nats',
    server: server.version,
    open: () => nats({ url: server.url }),
    hold: () => heldLink(server, url => nats({ url })),
    test,
    mode,
    order: 'subscribe-first',
    report: report('nats'),
  })
})

import { fileURLToPath } from 'node:url'
import { conformance } from '@millrace/conformance'
import { describe, test } from 'vitest'
import { DistantServer } from './distant.ts'

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
const report = (name: string): string => fileURLToPath(new URL(`../../../../.cache/reports/${name}`, import.meta.url))

describe('core keeps the contract over a link that can be cut', () => {
  const server = new DistantServer()

  conformance({
    name: 'distant',
    open: () => server.connect(),
    restart: () => server.restart(),
    foreign: (topic, what) => server.foreign(topic, what),
    test,
    mode,
    lease: 200,
    report: report('distant'),
  })
})

describe('core keeps the contract over a broker that can do little', () => {
  const server = new DistantServer({
    accepts: 'held',
    subscribes: 'server',
    settles: 'sent',
    broadcast: 'live',
    ordered: 'none',
    attempts: 'process',
    nackDelay: false,
    publishDelay: false,
    ttl: false,
    priority: 0,
    replays: false,
    patterns: false,
    leases: false,
    dedupes: 0,
  })

  conformance({
    name: 'distant-modest',
    open: () => server.connect(),
    restart: () => server.restart(),
    foreign: (topic, what) => server.foreign(topic, what),
    test,
    mode,
    report: report('distant-modest'),
  })
})

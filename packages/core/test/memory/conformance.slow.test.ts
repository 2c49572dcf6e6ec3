import { fileURLToPath } from 'node:url'
import { conformance } from '@millrace/conformance'
import { memory } from 'millrace/memory'
import { describe, test } from 'vitest'

const mode = process.env['MILLRACE_FULL'] ? 'full' : 'short'
const report = (name: string): string => fileURLToPath(new URL(`../../../../.cache/reports/${name}`, import.meta.url))

describe('the memory broker keeps the contract', () => {
  conformance({ name: 'memory', open: () => memory(), test, mode, lease: 200, report: report('memory') })
})

describe('the memory broker keeps it for those that subscribe first', () => {
  conformance({
    name: 'memory',
    open: () => memory(),
    test,
    mode,
    lease: 200,
    order: 'subscribe-first',
    report: report('memory-subscribe-first'),
  })
})

import { conformance } from '@millrace/conformance'
import { memory } from 'millrace/memory'
import { describe, test } from 'vitest'

// `npm test -- --full` runs Watermill's full counts.
const mode = process.env['MILLRACE_FULL'] === '1' ? 'full' : 'short'

describe('memory', () => {
  conformance({ name: 'memory', open: () => memory(), test, mode, report: '.cache/reports/memory.json' })
})

describe('memory, subscribing first', () => {
  const report = '.cache/reports/memory-subscribe-first.json'
  conformance({ name: 'memory', open: () => memory(), test, mode, order: 'subscribe-first', report })
})

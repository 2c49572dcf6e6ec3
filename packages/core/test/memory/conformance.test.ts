import { conformance } from '@millrace/conformance'
import { memory } from 'millrace/memory'
import { describe, test } from 'vitest'

// MILLRACE_MODE=full runs Watermill's full counts.
const mode = process.env['MILLRACE_MODE'] === 'full' ? 'full' : 'short'

describe('memory', () => {
  conformance({ name: 'memory', open: () => memory(), test, mode })
})

describe('memory, subscribing first', () => {
  conformance({ name: 'memory', open: () => memory(), test, order: 'subscribe-first' })
})

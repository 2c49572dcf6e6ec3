// Run by node-test.test.ts under node:test: the suite as its user writes it.
import { test } from 'node:test'
import { conformance } from '@millrace/conformance'
import { memory } from 'millrace/memory'

conformance({ name: 'memory', open: () => memory(), test, order: 'subscribe-first' })

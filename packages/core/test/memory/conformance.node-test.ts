// The suite as a user of node:test writes it.
import { test } from 'node:test'
import { conformance } from '@millrace/conformance'
import { memory } from 'millrace/memory'

conformance({ name: 'memory', open: () => memory(), test, lease: 200 })

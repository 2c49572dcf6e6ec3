import { importTime } from './import-time.ts'
import { memoryBundle } from './memory-bundle.ts'
import type { Step } from './step.ts'
import { floors, formatting, lint, types } from './tools.ts'

/** The steps that look at the sources without running the tests; they may run side by side. */
export const checks: readonly Step[] = [types, floors, lint, formatting, memoryBundle]

/** The steps that measure time, and so run alone. */
export const timings: readonly Step[] = [importTime]

import type { Capabilities } from 'millrace'
import { known as checkNames, MillraceError } from 'millrace/adapter'
import type { Case } from './case.ts'
import { Examination } from './examination.ts'
import type { ExaminationOptions } from './examination.ts'
import { writeReport } from './report/write.ts'
import { suite } from './suite.ts'

export interface ConformanceOptions extends ExaminationOptions {
  /**
   * The runner's own `test`: vitest's, node:test's, jest's, or any `(title, run)`. What `run` is called with is taken for the
   * runner's context, if it has a `skip(reason)`. The third argument is the case's limit in ms.
   */
  readonly test: (title: string, run: (context?: unknown) => Promise<void>, timeout?: number) => unknown
  /**
   * Told of every case that does not apply, with the reason: while registering where `open` is synchronous, while
   * running otherwise. Without it the runner's context is told, and without that a process warning is given.
   */
  readonly skip?: (title: string, reason: string) => unknown
  /** Default: the whole suite. For a variant of a broker whose default keeps all of it. */
  readonly cases?: readonly Case[]
  /** Where the report goes: `<report>.json` and `<report>.md`, written when the last case has run. */
  readonly report?: string
}

const OPTIONS = {
  name: true, open: true, test: true, skip: true, restart: true, foreign: true, hold: true, mode: true, order: true, report: true,
  server: true, patience: true, cases: true, lease: true,
} satisfies Record<keyof ConformanceOptions, true> // prettier-ignore

/**
 * Registers the suite with a test runner: one test for each promise of the contract.
 *
 * Which cases apply is read from the capabilities of one broker. Where `open` is synchronous, as every factory of
 * Millrace's is, that is done here, and nothing is connected; else when the first case runs. @throws BAD_OPTION
 */
export function conformance(options: ConformanceOptions): void {
  checkNames('conformance', options, OPTIONS)
  if (typeof options.test !== 'function')
    throw new MillraceError('BAD_OPTION', `conformance: test is a function, not ${typeof options.test}`)
  const examination = new Examination(options)
  const known = peek(options)
  const { cases = suite } = options
  let left = cases.length
  const finished = (): void => {
    if (--left === 0 && options.report !== undefined) writeReport(options.report, examination.report())
  }

  for (const one of cases) {
    const reason = known && examination.skips(one, known)
    if (reason !== undefined && options.skip) {
      examination.skipped(one, reason)
      options.skip(one.title, reason)
      finished()
      continue
    }
    // It declares no parameter: jest, mocha and jasmine take a declared one for a callback, and wait for it to be called.
    const run = async (...[context]: readonly unknown[]): Promise<void> => {
      const outcome = await examination.run(one).finally(finished)
      if (outcome.is === 'failed') throw outcome.error
      if (outcome.is === 'skipped') tellSkip(options, context, one, outcome.reason)
    }
    options.test(one.title, run, examination.limit)
  }
}

/** The capabilities, if they can be had without waiting. */
function peek(options: ConformanceOptions): Capabilities | undefined {
  try {
    const broker = options.open()
    if (broker instanceof Promise) {
      // It may need what the runner starts later; the first case asks again.
      broker.then(late => late.close({ timeout: 0 })).catch(() => undefined)
      return undefined
    }
    const { capabilities } = broker
    broker.close({ timeout: 0 }).catch(() => undefined)
    return capabilities
  } catch {
    return undefined
  }
}

function tellSkip(options: ConformanceOptions, context: unknown, one: Case, reason: string): void {
  options.skip?.(one.title, reason)
  if (hasSkip(context)) context.skip(reason)
  else if (!options.skip) process.emitWarning(`'${one.title}' was skipped: ${reason}`, 'ConformanceSkip')
}

function hasSkip(context: unknown): context is { skip(reason: string): void } {
  // vitest's context is a function with properties, node:test's an object.
  if (context === null || (typeof context !== 'object' && typeof context !== 'function')) return false
  return 'skip' in context && typeof context.skip === 'function'
}

import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import type { Outcome, Skip } from './outcome.ts'
import { root } from './root.ts'

/**
 * Counts for the steps' sum, and holds the rule that a skip states its reason (`context.skip('why')`): one without is a
 * failure. In continuous integration (`CI`) so is a `*.broker.test.ts` of which nothing ran: a backend that could not
 * be tested has not passed. Writes an Outcome to the file that `MILLRACE_OUTCOME` names.
 */
export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const cases = modules.flatMap(module => [...module.children.allTests()])
    const skipped = cases.filter(isSkipped)
    const broken = modules.filter(module => module.errors().length > 0)
    const complaints = [
      ...broken.map(module => `${nameOf(module)} did not load`),
      ...modules
        .filter(module => [...module.children.allSuites()].some(suite => suite.errors().length > 0))
        .map(module => `${nameOf(module)}: a suite's own hook failed`),
      ...unhandled.map(error => `an error outside any test: ${messageOf(error)}`),
      ...skipped.filter(test => reasonOf(test) === '').map(test => `skipped without a reason: ${titleOf(test)}`),
      ...(process.env['CI'] ? modules.filter(isUntestedBackend) : []).map(
        module => `${nameOf(module)}: nothing of it ran`,
      ),
    ]
    const outcome: Outcome = {
      passed: cases.filter(test => test.result().state === 'passed').length,
      failed: cases.filter(test => ['failed', 'pending'].includes(test.result().state)).length + complaints.length,
      skipped: skipped.map((test): Skip => ({ title: titleOf(test), reason: reasonOf(test) })),
      details: complaints.join('\n'),
    }
    const file = process.env['MILLRACE_OUTCOME']
    if (file) writeFileSync(file, JSON.stringify(outcome))
  }
}

const isSkipped = (test: TestCase): boolean => test.result().state === 'skipped'
const nameOf = (module: TestModule): string => relative(root, module.moduleId)
const titleOf = (test: TestCase): string => `${nameOf(test.module)}: ${test.fullName}`

function reasonOf(test: TestCase): string {
  const result = test.result()
  return result.state === 'skipped' ? (result.note ?? '') : ''
}

function isUntestedBackend(module: TestModule): boolean {
  return module.moduleId.endsWith('.broker.test.ts') && [...module.children.allTests()].every(isSkipped)
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}

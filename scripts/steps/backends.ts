import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cache } from './root.ts'

/** Where the tests leave their conformance reports (`report:`), one JSON file for each backend and way of running it. */
export const reportsFolder: string = join(cache, 'reports')

/** What this needs of `@millrace/conformance`'s Report. */
export interface BackendReport {
  readonly name: string
  readonly server?: string
  readonly mode?: string
  readonly order?: string
  readonly results: readonly { readonly title: string; readonly result: 'passed' | 'failed' | 'skipped'; readonly reason?: string }[] // prettier-ignore
}

/** So that the table tells of this run only. */
export function forgetReports(): void {
  rmSync(reportsFolder, { recursive: true, force: true })
}

export function readReports(): BackendReport[] {
  if (!existsSync(reportsFolder)) return []
  const files = readdirSync(reportsFolder).filter(name => name.endsWith('.json'))
  return files.toSorted().map(name => JSON.parse(readFileSync(join(reportsFolder, name), 'utf8')) as BackendReport)
}

/** Which backends ran, against what, how many cases, and what did not apply and why. */
export function backendTable(reports: readonly BackendReport[]): string[] {
  if (reports.length === 0) return ['no backend has written a report']
  const count = (report: BackendReport, result: string) =>
    String(report.results.filter(one => one.result === result).length)
  const rows = [
    ['backend', 'server', 'mode', 'passed', 'failed', 'do not apply'],
    ...reports.map(one => [
      one.name,
      one.server ?? 'in this process',
      [one.mode, one.order].filter(Boolean).join(', '),
      ...['passed', 'failed', 'skipped'].map(result => count(one, result)),
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const table = rows.map(row => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()) // prettier-ignore
  return [...table, ...reports.flatMap(whyNot)]
}

/** The reasons of one backend's skips, each once, with how many cases it took. */
function whyNot({ name, results }: BackendReport): string[] {
  const reasons = new Map<string, number>()
  for (const { result, reason = 'no reason given' } of results)
    if (result === 'skipped') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  return [...reasons].map(([reason, cases]) => `  ${name}, ${cases} ${cases === 1 ? 'case' : 'cases'}: ${reason}`)
}

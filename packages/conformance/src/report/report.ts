import type { Capabilities } from 'millrace'
import type { Mode, Order } from '../case.ts'
import { markdownTable } from './markdown-table.ts'

/** What a broker promises and how it fared. */
export interface Report {
  readonly name: string
  /** The server's name and version, where they were given. */
  readonly server?: string
  readonly mode: Mode
  readonly order: Order
  readonly capabilities?: Capabilities
  /** In the suite's order. */
  readonly results: readonly CaseResult[]
}

export type CaseResult =
  | { readonly title: string; readonly result: 'passed'; readonly ms: number }
  | { readonly title: string; readonly result: 'failed'; readonly ms: number; readonly error: string }
  | { readonly title: string; readonly result: 'skipped'; readonly reason: string }

/** The titles of what failed. */
export function failures(report: Report): string[] {
  return report.results.filter(one => one.result === 'failed').map(one => one.title)
}

/** The report as a page. Stable: no times, so that it changes only when the broker does. */
export function reportAsMarkdown(report: Report): string {
  const { results, capabilities } = report
  const of = (result: CaseResult['result']): CaseResult[] => results.filter(one => one.result === result)
  const lines = [
    `# ${report.name}: what it keeps`,
    '',
    'Written by the conformance suite. ' +
      [report.server && `Server: ${report.server}.`, `Mode: ${report.mode}, ${report.order}.`]
        .filter(Boolean)
        .join(' '),
    '',
    `${of('passed').length} cases passed, ${of('failed').length} failed, ${of('skipped').length} do not apply.`,
  ]
  if (capabilities) {
    const table = Object.entries(capabilities).map(([name, value]) => [`\`${name}\``, shown(value)])
    lines.push('', '## Capabilities', '', ...markdownTable([['capability', 'value'], ...table]))
  }
  const table = results.map(one => [one.title, verdict(one)])
  lines.push('', '## Cases', '', ...markdownTable([['case', 'result'], ...table]))
  return lines.join('\n') + '\n'
}

function verdict(one: CaseResult): string {
  switch (one.result) {
    case 'passed':
      return 'passed'
    case 'failed':
      return `failed: ${one.error.split('\n')[0]}`
    case 'skipped':
      return `does not apply: ${one.reason}`
  }
}

function shown(value: unknown): string {
  if (value === true) return 'yes'
  if (value === false) return 'no'
  if (typeof value === 'number') return value.toLocaleString('en')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${shown(part)}`)
    .join(', ')
}

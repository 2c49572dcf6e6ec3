import type { Verdict } from './examine-mutants.ts'

/** The verdicts as a page: which fault, which case names it, and what else it brings down. */
export function verdictsAsMarkdown(verdicts: readonly Verdict[]): string {
  const rows = [
    ['mutant', 'the case that names it', 'others that fail'],
    ...verdicts.map(({ mutant, failed }) => {
      const [first] = mutant.killedBy
      const named = first && failed.includes(first.title) ? first.title : '**it lives**'
      return [mutant.name, named, String(failed.filter(title => title !== named).length || '')]
    }),
  ].map(row => row.map(cell => cell.replaceAll('|', '\\|').replaceAll('*', cell === '**it lives**' ? '*' : '\\*')))
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]!.length))) // three in each
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |` // prettier-ignore
  const [head, ...body] = rows
  return [
    '# The conformance suite against brokers that are wrong',
    '',
    'Each mutant is the memory broker with one promise broken. Every one must fail the case that names its fault, and',
    'no case but those that it lists. Written by the test that holds the suite to this.',
    '',
    `${verdicts.length} mutants.`,
    '',
    line(head!), // there is a head
    `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`,
    ...body.map(line),
    '',
  ].join('\n')
}

import { markdownTable } from '../report/markdown-table.ts'
import type { Verdict } from './examine-mutants.ts'

/** The verdicts as a page: which fault, which case names it, and how many others it brings down. */
export function verdictsAsMarkdown(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ mutant, failed }) => {
    const [first] = mutant.killedBy
    const named = first && failed.includes(first.title) ? first.title : 'none: it lives'
    return [mutant.name, named, String(failed.filter(title => title !== named).length || '')]
  })
  return [
    '# The conformance suite against brokers that are wrong',
    '',
    'Each mutant is the memory broker with one promise broken. Every one must fail the case that names its fault, and no case but those that it lists. Written by the test that holds the suite to this.',
    '',
    `${verdicts.length} mutants.`,
    '',
    ...markdownTable([['mutant', 'the case that names it', 'others that fail'], ...rows]),
    '',
  ].join('\n')
}

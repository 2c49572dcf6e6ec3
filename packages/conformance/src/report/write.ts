import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Report } from './report.ts'
import { reportAsMarkdown } from './report.ts'

/** Writes `<path>.json` and `<path>.md`. An ending `.json` or `.md` of the path is left off first. */
export function writeReport(path: string, report: Report): void {
  const stem = path.replace(/\.(?:json|md)$/, '')
  mkdirSync(dirname(stem), { recursive: true })
  writeFileSync(`${stem}.json`, JSON.stringify(report, undefined, 2) + '\n')
  writeFileSync(`${stem}.md`, reportAsMarkdown(report))
}

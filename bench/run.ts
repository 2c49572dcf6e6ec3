import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chooses, table, type Row, type SuiteModule } from './row.ts'

export interface BenchOptions {
  readonly quick?: boolean
  readonly only?: string
  /** Where `{ suite, node, rows }` is written. */
  readonly json?: string
  /** Where the suites stand. Default: here. */
  readonly folder?: string
}

/**
 * Runs one suite, prints its rows as a table, and keeps them as JSON if asked to. Rejects, before anything is started or
 * built, where there is no such suite, and where `only` chooses none of its cases.
 */
export async function bench(
  suite: string,
  { json, folder = import.meta.dirname, ...options }: BenchOptions = {},
): Promise<Row[]> {
  const { run, cases } = await load(suite, folder)
  const { only } = options
  if (!cases.some(name => chooses(only, name)))
    throw new Error(`no case of '${suite}' has '${only ?? ''}' in its name: ${cases.join('; ')}`)
  const rows = await run({ ...options, log: progress })
  clearProgress()
  console.log(table(rows))
  if (json !== undefined) writeFileSync(json, JSON.stringify({ suite, node: process.version, rows }, null, 2) + '\n')
  return rows
}

/** The names of a suite's cases, in the order in which they run. */
export async function casesOf(suite: string, folder: string = import.meta.dirname): Promise<readonly string[]> {
  return (await load(suite, folder)).cases
}

async function load(suite: string, folder: string): Promise<SuiteModule> {
  const known = suites(folder)
  if (!known.includes(suite)) throw new Error(`there is no suite '${suite}': ${known.join(', ')}`)
  return (await import(pathToFileURL(join(folder, suite, 'suite.ts')).href)) as SuiteModule
}

/** The folders that hold a suite. */
export function suites(folder: string = import.meta.dirname): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(folder, entry.name, 'suite.ts')))
    .map(entry => entry.name)
    .toSorted()
}

/** What a suite compares: the words at the head of its file. */
export function purpose(suite: string, folder: string = import.meta.dirname): string {
  const [, words = ''] = /\/\*\*(.*?)\*\//s.exec(readFileSync(join(folder, suite, 'suite.ts'), 'utf8')) ?? []
  return words.replaceAll(/\s*\n \* ?|\s+/g, ' ').trim()
}

/** To standard error, where a terminal keeps it to one line. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
  else process.stderr.write(`${line}\n`)
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}

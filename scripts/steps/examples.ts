import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runNode } from './command.ts'
import { failed, passed, skipped, sum, type Outcome } from './outcome.ts'
import { serverFor, startEmpty, type RealServer } from './real-server.ts'
import { root } from './root.ts'
import type { Step } from './step.ts'

/** What an example may take, in milliseconds. */
const limit = 120_000

/** Each `examples/<name>/main.ts` runs to its end and prints what its `expected.txt` says; an adapter's against an empty server. */
export const examples: Step = {
  name: 'examples',
  async run() {
    const folder = join(root, 'examples')
    const names = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory()) : [] // prettier-ignore
    const outcomes: Outcome[] = []
    // The demo prints rates and times, which no file can expect: it is a step of its own. ZeroMQ's examples are run by
    // its own tests, with the native package and with ours.
    for (const { name } of names.filter(entry => entry.name !== 'demo' && entry.name !== 'zeromq'))
      outcomes.push(await runExample(join(folder, name)))
    return sum(outcomes)
  },
}

/** The demo runs to its end. */
export const demo: Step = {
  name: 'demo',
  async run() {
    const { code, output } = await runNode(['--conditions=millrace-source', 'examples/demo/main.ts'], {
      timeout: limit,
    })
    return code === 0 ? passed() : failed(output)
  },
}

/** Runs one, in its own folder, with the server that its name asks for, and compares what it prints. */
export async function runExample(folder: string): Promise<Outcome> {
  const file = join(folder, 'expected.txt')
  if (!existsSync(file)) return failed(`${folder} has no expected.txt`)
  const expected = readFileSync(file, 'utf8')
  const needed = serverFor(basename(folder))
  return needed ? await besideServer(folder, expected, needed) : await run(folder, expected)
}

async function besideServer(folder: string, expected: string, needed: RealServer): Promise<Outcome> {
  const server = await startEmpty(needed)
  if (typeof server === 'string') return skipped(`examples/${basename(folder)}`, server)
  try {
    return await run(folder, expected, { [needed.variable]: server.url })
  } finally {
    await server.stop()
  }
}

async function run(folder: string, expected: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const args = ['--conditions=millrace-source', 'main.ts']
  const { code, stdout, output } = await runNode(args, { cwd: folder, env, timeout: limit })
  if (code !== 0) return failed(`${folder} ended with ${code}:\n${output}`)
  return stdout.trimEnd() === expected.trimEnd() ? passed() : failed(firstDifference(folder, expected, stdout))
}

function firstDifference(folder: string, expected: string, actual: string): string {
  const [wanted, got] = [expected.trimEnd().split('\n'), actual.trimEnd().split('\n')]
  const line = wanted.findIndex((text, index) => text !== got[index])
  const at = line === -1 ? wanted.length : line
  return `${folder}/expected.txt:${at + 1}\n  expected: ${wanted[at] ?? '(the end)'}\n  printed:  ${got[at] ?? '(the end)'}`
}

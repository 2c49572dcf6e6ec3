import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { RunningServer } from '@millrace/harness'
import { runNode, tool } from './command.ts'
import { failed, passed, skipped, sum, type Outcome } from './outcome.ts'
import { atServer, serverFor, startEmpty } from './real-server.ts'
import { cache, root } from './root.ts'
import { snippetsIn, type Snippet } from './snippet.ts'
import type { Step } from './step.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  'docs/**/*.md',
  'packages/*/README.md',
  'examples/**/README.md',
]

/** Every TypeScript snippet of the documents compiles, and those marked so run. See docs/guide/tests.md. */
export const snippets: Step = {
  name: 'docs snippets',
  async run() {
    const folder = join(cache, 'snippets')
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const found = await fileSnippets(folder)
    const complaints = found.length > 0 ? await typeErrors(folder) : new Map<string, string[]>()
    const outcomes: Outcome[] = []
    await using servers = pageServers()
    for (const one of found) outcomes.push(await judge(one, complaints.get(one.file) ?? [], { folder, servers }))
    return sum(outcomes)
  },
}

export interface Filed extends Snippet {
  readonly page: string
  /** Its name in the folder. */
  readonly file: string
}

/** Writes every snippet of the documents into a folder, each as a module of its own. */
export async function fileSnippets(folder: string): Promise<Filed[]> {
  const found: Filed[] = []
  for await (const page of glob(pages, { cwd: root }))
    for (const snippet of snippetsIn(await readFile(join(root, page), 'utf8')))
      found.push({ ...snippet, page, file: `${page.replace(/[^A-Za-z0-9]+/g, '-')}-${snippet.line}.ts` })
  for (const { file, code } of found) await writeFile(join(folder, file), `${code}\nexport {}\n`)
  return found
}

async function typeErrors(folder: string): Promise<Map<string, string[]>> {
  const settings = {
    extends: relative(folder, join(root, 'tsconfig.json')),
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      isolatedDeclarations: false,
      declaration: false,
    },
    include: ['*.ts'],
    exclude: [],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  const args = [tool('typescript/bin/tsc'), '-p', join(folder, 'tsconfig.json'), '--pretty', 'false']
  const { stdout } = await runNode(args, { cwd: folder })
  const errors = new Map<string, string[]>()
  for (const [, file = '', line = '', text = ''] of stdout.matchAll(/^(\S+?\.ts)\((\d+),\d+\): (.*)$/gm))
    errors.set(file, [...(errors.get(file) ?? []), `${line}: ${text}`])
  return errors
}

async function judge(
  { page, line, file, code, prints, runs }: Filed,
  errors: readonly string[],
  { folder, servers }: { folder: string; servers: PageServers },
): Promise<Outcome> {
  const fail = (text: string): Outcome => failed(`${page}:${line} ${text}`)
  if (errors.length > 0) return fail(`does not compile; in .cache/snippets/${file}:\n  ${errors.join('\n  ')}`)
  if (!runs) return passed()
  const there = await servers.for(page)
  if (typeof there === 'string') return skipped(`${page}:${line}`, there)
  if (there) await writeFile(join(folder, file), `${atServer(code, there.url)}\nexport {}\n`)
  const run = await runNode(['--conditions=millrace-source', join(folder, file)], { timeout: 30_000 })
  if (run.code !== 0) return fail(`ended with ${run.code}:\n${run.output}`)
  if (prints !== undefined && run.stdout.trimEnd() !== prints.trimEnd()) return fail(`printed:\n${run.stdout}`)
  return passed()
}

interface PageServers extends AsyncDisposable {
  /** The server of the adapter whose README the page is, why it cannot be had, or undefined for other pages. */
  for(page: string): Promise<RunningServer | string | undefined>
}

/** One server for all snippets of a page, started for the first that runs. */
function pageServers(): PageServers {
  const started = new Map<string, Promise<RunningServer | string>>()
  return {
    for(page) {
      const needed = serverFor(/^packages\/([^/]+)\//.exec(page)?.[1] ?? '')
      if (!needed) return Promise.resolve(undefined)
      const server = started.get(page) ?? startEmpty(needed)
      started.set(page, server)
      return server
    },
    async [Symbol.asyncDispose]() {
      const settled = await Promise.allSettled(started.values())
      for (const one of settled) if (one.status === 'fulfilled' && typeof one.value !== 'string') await one.value.stop()
    },
  }
}

import { join } from 'node:path'
import { fetchBinary } from '../start/binary.mjs'
import { fetchNode } from '../start/node.mjs'
import { runNode } from './command.ts'
import { failed, passed, skipped, sum, type Outcome } from './outcome.ts'
import { root } from './root.ts'
import type { Step } from './step.ts'

/** What runs JavaScript, and how it is had and told to run a script. */
export interface Runtime {
  readonly title: string
  readonly fetch: () => Promise<string>
  readonly args: readonly string[]
}

/** Each does what a package's user needs first, with the package as it is built, and says `whole` when all went well. */
const programs = ['packages/zeromq/test/runtimes/smoke.ts']

/** Runs them with each runtime. One that cannot be fetched is skipped, and says why; the packages have to be built. */
export function runtimes(all: readonly Runtime[] = everywhere): Step {
  return {
    name: 'runtimes',
    async run() {
      const outcomes: Outcome[] = []
      for (const runtime of all) outcomes.push(await tryOne(runtime))
      const ran = all.filter((_, i) => (outcomes[i]?.skipped.length ?? 0) === 0).map(({ title }) => title)
      return { ...sum(outcomes), note: ran.join(', ') }
    },
  }
}

async function tryOne({ title, fetch, args }: Runtime): Promise<Outcome> {
  let binary: string
  try {
    binary = await fetch()
  } catch (error) {
    const reason = `it could not be fetched: ${error instanceof Error ? error.message : String(error)}`
    return skipped(`runtimes, ${title}`, reason.replaceAll(/\s+/g, ' '))
  }
  const outcomes: Outcome[] = []
  for (const program of programs) {
    const { code, output } = await runNode([...args, join(root, program)], {
      node: binary,
      env: { NODE_OPTIONS: undefined },
      timeout: 180_000,
    })
    const whole = code === 0 && /^whole$/m.test(output)
    outcomes.push(whole ? passed() : failed(`${title}, ${program}:\n${output}`))
  }
  return sum(outcomes)
}

const everywhere: readonly Runtime[] = [
  ...[22, 24, 26].map(major => ({ title: `Node ${major}`, fetch: () => fetchNode(major), args: [] })),
  { title: 'Bun', fetch: fetchBun, args: ['run'] },
  { title: 'Deno', fetch: fetchDeno, args: ['run', '--allow-all', '--no-check'] },
]

function fetchBun(): Promise<string> {
  const { platform, arch } = process
  const cpu = arch === 'arm64' ? 'aarch64' : arch
  const name = `@oven/bun-${platform === 'win32' ? 'windows' : platform}-${cpu}`
  const path = platform === 'win32' ? 'bin/bun.exe' : 'bin/bun'
  return fetchBinary({ folder: 'bun-1', name, version: '1', path, says: '1.', title: 'Bun 1' })
}

function fetchDeno(): Promise<string> {
  const { platform, arch } = process
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`
  const path = platform === 'win32' ? 'deno.exe' : 'deno'
  return fetchBinary({ folder: 'deno-2', name, version: '2', path, says: 'deno 2.', title: 'Deno 2' })
}

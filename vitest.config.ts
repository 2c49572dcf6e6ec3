import { availableParallelism } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const everywhere = ['packages/*/test/**', 'scripts/test/**', 'bench/test/**']
const named = (ending: string) => everywhere.map(folder => `${folder}/${ending}`)
// libzmq's behaviours, between us and the native library in processes of its own: minutes, not seconds.
const behaviours = ['packages/zeromq/test/libzmq/*.test.ts']
const conditions = ['millrace-source', 'node', 'import', 'default']

// Three kinds of test, told apart by their file's name (docs/guide/tests.md). Unit tests keep nothing in module or global
// state, so their files may share a process: a fresh one for each is half of what they cost.
const projects = [
  {
    name: 'unit',
    include: named('*.test.ts'),
    exclude: [...named('*.{broker,slow}.test.ts'), ...behaviours],
    isolate: false,
  },
  { name: 'slow', include: [...named('*.slow.test.ts'), ...behaviours], testTimeout: 120_000 },
  { name: 'broker', include: named('*.broker.test.ts'), testTimeout: 60_000, hookTimeout: 300_000, globalSetup: 'packages/harness/src/test-run.ts' }, // prettier-ignore
]

const config: ViteUserConfig = defineConfig({
  ssr: { resolve: { conditions } },
  resolve: { conditions },
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // One more than vitest would take: on two cores it would run one file after another, and tests mostly wait.
    maxWorkers: availableParallelism(),
    // What a test's own workers and native imports resolve is the source too.
    execArgv: ['--conditions=millrace-source'],
    projects: projects.map(test => ({ extends: true, test })),
  },
})

export default config

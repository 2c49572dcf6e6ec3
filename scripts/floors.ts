/**
 * Who may import whom in `packages/<name>/src`, and what else a file there, or at the root, must not do. `node scripts/run.mjs floors`.
 *
 * A package's rows are listed from the ground up. A name is a file (without `.ts`) or a folder directly in `src`. It may
 * import what stands on the rows before its own; the names in one row do not know each other, unless a `+` joins them.
 * Type imports count: what a reader must know is the same. A new file or folder needs a place here.
 */
import { readPackages } from './floors/packages.ts'
import { problemsIn, type PackageFloors } from './floors/rules.ts'

const everything: PackageFloors = { ours: { '*': {} } }
const brokerOrIntegration: PackageFloors = { ours: { millrace: {} } }

const floors: Readonly<Record<string, PackageFloors>> = {
  core: {
    rows: [
      ['errors+contract+pattern', 'id', 'clock', 'thenable'],
      ['names', 'message', 'logger'],
      ['handler'],
      ['telemetry', 'codec'],
      ['topic', 'adapter'],
      ['memory', 'policy', 'protobuf'],
      ['middleware', 'decorator'],
      ['router'],
      ['cqrs', 'request-reply', 'outbox', 'inbox', 'fan-in', 'fan-out', 'requeuer', 'delay', 'saga', 'bridge'],
      ['testing', 'connect'],
      ['index'],
    ],
    // connect() loads the package that a URL's scheme names, if it is there.
    ours: { '*': { only: ['connect.ts'], how: 'dynamic' } },
    standsAlone: true,
  },
  zeromq: {
    rows: [
      ['errors', 'wire', 'cipher'],
      ['pipe'],
      ['mechanism', 'pattern', 'transport'],
      ['engine', 'scheduler', 'reconnection', 'monitor', 'curve', 'option-table'],
      ['heartbeat', 'options'],
      ['session', 'option-properties'],
      ['socket'],
      ['context'],
      ['sockets', 'proxy', 'v5-constants'],
      ['v5-options'],
      ['index', 'draft', 'extra'],
      ['pubsub', 'v5-compat'],
    ],
    pure: ['wire', 'cipher', 'mechanism', 'pipe', 'pattern', 'engine'],
    ours: { millrace: { only: ['pubsub.ts'] } },
    standsAlone: true,
  },
  cli: everything,
  dashboard: everything,
  scripts: everything,
  bench: everything,
  examples: everything,
}

/** Every problem in the checkout, as `packages/core/src/a.ts:3 what is wrong`. */
export async function checkFloors(): Promise<string[]> {
  const packages = await readPackages()
  return packages.flatMap(one =>
    problemsIn(one, floors[one.folder] ?? brokerOrIntegration).map(
      ({ path, line, text }) => `${one.sources}/${path}:${line} ${text}`,
    ),
  )
}

if (import.meta.main) {
  const problems = await checkFloors()
  for (const problem of problems) console.log(problem)
  console.log(problems.length === 0 ? 'every file is where it should be' : `${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

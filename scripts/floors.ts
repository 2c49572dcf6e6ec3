/**
 * Who may import whom in `packages/<name>/src`, and what else a file there, or in a folder at the root, must not do.
 * `npm run floors`; the check runs it too.
 *
 * A package's rows are listed from the ground up. A name is a file (without `.ts`) or a folder in `src`; `router/topic`
 * has a place of its own beside `router`. It may import what stands on the rows before its own. The names in one row do
 * not know each other, unless a `+` joins them. Type imports count: what a reader must know is the same. A new file or
 * folder needs a place here.
 */
import { readPackages } from './floors/packages.ts'
import { problemsIn, type PackageFloors } from './floors/rules.ts'
import { readArguments } from './steps/arguments.ts'

const everything: PackageFloors = { ours: { '*': {} } }
const brokerOrIntegration: PackageFloors = { ours: { millrace: {} } }

const floors: Readonly<Record<string, PackageFloors>> = {
  core: {
    rows: [
      ['errors+contract+pattern', 'clock', 'thenable'],
      ['bounds', 'warning'],
      ['logger'],
      ['names', 'id'],
      ['message'],
      ['codec'],
      ['topic', 'protobuf', 'router/topic'],
      ['handler', 'router/output'],
      ['telemetry', 'adapter'],
      ['memory', 'policy'],
      ['middleware', 'decorator'],
      ['router'],
      ['cqrs', 'request-reply', 'outbox', 'inbox', 'fan-in', 'fan-out', 'requeuer', 'delay', 'saga', 'bridge'],
      ['testing', 'connect'],
      ['index'],
    ],
    pure: [
      'errors',
      'contract',
      'pattern',
      'names',
      'message',
      'codec',
      'topic',
      'handler',
      'memory',
      'policy',
      'decorator',
    ],
    timeless: ['adapter', 'middleware', 'router', 'telemetry'],
    // connect() loads the package that a URL's scheme names, if it is there.
    ours: { '*': { only: ['connect.ts'], how: 'dynamic' } },
    standsAlone: true,
  },
  zeromq: {
    rows: [
      ['errors', 'wire', 'cipher'],
      ['pipe', 'busy-poll'],
      ['mechanism', 'pattern', 'transport'],
      [
        'engine',
        'process-hold',
        'scheduler',
        'crowd',
        'reconnection',
        'monitor',
        'curve',
        'waiter',
        'zap',
        'inproc',
        'socket-types',
        'option-table',
        'session-queues',
      ],
      [
        'heartbeat',
        'observer',
        'options',
        'handshake-failed',
        'authenticators',
        'thread-link',
        'name-locks',
        'waiters',
      ],
      ['session+session-host', 'context-core', 'inproc-threads', 'live-options', 'pattern-host', 'receive-many'],
      ['socket-core+socket-options+endpoints+security'],
      ['context', 'forwarding'],
      ['socket', 'option-properties'],
      ['sockets', 'v5-constants', 'version', 'capability'],
      ['proxy', 'draft', 'peer', 'queued-sender', 'receive-from', 'v5-options'],
      ['steering', 'index'],
      ['extra', 'v5-compat'],
      ['pubsub'],
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
  readArguments('npm run floors: who imports whom, and where files stand. Takes nothing.', {})
  const problems = await checkFloors()
  for (const problem of problems) console.log(problem)
  console.log(problems.length === 0 ? 'every file is where it should be' : `${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

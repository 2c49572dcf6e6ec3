// The one way in: `node scripts/run.mjs <command> [arguments]`.
//
// Plain JavaScript without dependencies, for any Node from 20 on, because it runs before anything is installed. It
// finds a Node that runs TypeScript, makes node_modules match the lock file, and hands over to scripts/<command>.ts.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installDependencies } from './start/dependencies.mjs'
import { findNode } from './start/node.mjs'
import { StartError } from './start/npm.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [command, ...rest] = process.argv.slice(2)

try {
  const script = findScript(command)
  const node = await findNode()
  const env = { ...process.env, PATH: dirname(node) + delimiter + process.env.PATH }
  await installDependencies(root, node, env)
  handOver(node, ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning', script, ...rest], env)
} catch (error) {
  if (!(error instanceof StartError)) throw error
  console.error(`\n${error.message}`)
  process.exitCode = 1
}

function findScript(name) {
  const known = readdirSync(join(root, 'scripts'))
    .filter(file => file.endsWith('.ts'))
    .map(file => file.slice(0, -3))
  if (known.includes(name)) return join(root, 'scripts', `${name}.ts`)
  throw new StartError(`${name ? `there is no command '${name}'` : 'which command?'}: ${known.join(', ')}`)
}

/** Runs the script with our streams, passes signals on, and ends as it ended. */
function handOver(node, args, env) {
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' })
  const relays = ['SIGINT', 'SIGTERM', 'SIGHUP'].map(signal => {
    // A terminal sends Ctrl-C to the whole group, the child included: passing it on would be a second one.
    const relay = () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal))
    process.on(signal, relay)
    return { signal, relay }
  })
  child.on('error', error => {
    console.error(`cannot run ${node}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    for (const { signal: name, relay } of relays) process.off(name, relay)
    if (signal === null) process.exit(code ?? 1)
    if (process.platform === 'win32') process.exit(128 + (constants.signals[signal] ?? 0))
    process.kill(process.pid, signal)
  })
}

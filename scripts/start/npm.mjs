import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'

/** What stops a start and is the reader's to mend: shown without a stack. */
export class StartError extends Error {}

/**
 * Runs npm's own JavaScript under the given Node, with a line of progress on standard error. Its output is shown only
 * when it fails. Throws StartError.
 */
export async function npm(args, { node, cwd, env, doing }) {
  const output = []
  const progress = showProgress(doing)
  const code = await new Promise((resolve, reject) => {
    const child = spawn(node, [findNpm(), ...args, ...quiet], {
      cwd,
      env: withoutOurPackage(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', chunk => output.push(chunk))
    child.stderr.on('data', chunk => output.push(chunk))
    child.on('error', reject)
    child.on('close', resolve)
  })
  progress.end(code === 0)
  if (code === 0) return
  const text = Buffer.concat(output).toString().trim()
  throw new StartError(`${readable(text)}\n\n${explain(text, doing)}`)
}

// Retries stay, but a machine that is offline hears it in seconds.
const quiet = ['--no-audit', '--no-fund', '--fetch-retries=3', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=4000'] // prettier-ignore

/** Without the page of options that npm prints after some errors, and without its own stack. */
const readable = text =>
  text
    .replace(/^npm error Clean install a project$[^]*^npm error Run "npm help ci".*$/m, '')
    .split('\n')
    .filter(line => !/^npm error(\s+at .*| {3}\w+: .*| \}|)$/.test(line))
    .join('\n')
    .trim()

function explain(text, doing) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ECONNRESET|ERR_SOCKET_TIMEOUT/.test(text))
    return `${doing}: the npm registry could not be reached. The first start needs it; later ones do not. Check the network, or npm's 'registry' and 'proxy' settings, and run the command again.`
  if (/ENOSPC/.test(text)) return `${doing}: the disk is full.`
  if (/EACCES|EROFS/.test(text)) return `${doing}: no right to write there. MILLRACE_CACHE names another cache folder.`
  return `${doing}: npm failed; what it said is above.`
}

/** npm's own JavaScript: of the npm that runs us, else of the one on the PATH, else of the one beside this Node. */
function findNpm() {
  const running = process.env.npm_execpath
  const candidates = [
    ...(running && basename(running) === 'npm-cli.js' ? [running] : []),
    ...(process.env.PATH ?? '').split(delimiter).flatMap(folder => [
      join(folder, 'npm'), // a link to npm-cli.js
      join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'), // Windows
    ]),
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ]
  for (const candidate of candidates) {
    if (!existsSync(candidate)) continue
    const real = realpathSync(candidate)
    if (basename(real) === 'npm-cli.js') return real
  }
  throw new StartError('npm was not found: it comes with Node, and is needed to fetch what the scripts use')
}

/** What `npm run` tells its scripts about this package would send an npm inside it to the wrong folder. */
function withoutOurPackage(env) {
  const ours =
    /^npm_(package|lifecycle|command)|^npm_config_(local_prefix|prefix|global_prefix|workspaces?|omit|include|dry_run)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)))
}

/** One line, rewritten each second at a terminal; elsewhere a line at the start, each ten seconds, and at the end. */
function showProgress(doing) {
  const started = Date.now()
  const terminal = process.stderr.isTTY
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const line = terminal
    ? () => process.stderr.write(`\r${doing} … ${seconds()} s `)
    : () => process.stderr.write(`${doing} … ${seconds()} s\n`)
  line()
  const timer = setInterval(line, terminal ? 1000 : 10_000)
  return {
    end(well) {
      clearInterval(timer)
      process.stderr.write(`${terminal ? '\r' : ''}${doing}: ${well ? 'done' : 'failed'} in ${seconds()} s   \n`)
    },
  }
}

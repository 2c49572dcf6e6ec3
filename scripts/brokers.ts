import { parseArgs } from 'node:util'
import { HarnessError, serverNames, serverVersions, sharedServers, start, stopShared } from '@millrace/harness'
import type { ServerName } from '@millrace/harness'

const help = `Real brokers for development and tests, fetched into a private cache folder, without root.

  npm run brokers -- up [name…]       fetch and start them; those that are up stay as they are
  npm run brokers -- down [name…]     stop those that 'up' or the tests started; nothing else is ever touched
  npm run brokers -- status [name…]   what is up

Names: ${serverNames.map(name => `${name} (${serverVersions(name).join(', ')})`).join(', ')}.
A version is chosen as in 'rabbitmq@3.10'; all names, each in its newest version, are meant where none is given.

  --json     print an array of { name, url, version, pid }; 'url' is what millrace/connect takes
             (NATS has one address for both: with 'jetstream:' in place of 'nats:' it is JetStream)
  --clear    with 'down': remove what the server stored, too
  --help     this

The cache is $MILLRACE_CACHE, or ~/.cache/millrace. Servers started under another $MILLRACE_BROKERS (a word) are another set.
`

interface Row {
  readonly name: string
  readonly url: string
  readonly version: string
  readonly pid: number | undefined
}

interface Wish {
  readonly name: ServerName
  readonly version: string | undefined
}

/** The servers that the command left up or stopped, and why others failed. */
interface Outcome {
  readonly rows: readonly Row[]
  readonly failures?: readonly Error[]
}

const commands: Readonly<Record<string, (wishes: readonly Wish[], clear: boolean) => Promise<Outcome>>> = {
  up: async wishes => {
    const settled = await Promise.allSettled((wishes.length > 0 ? wishes : all()).map(up))
    return {
      rows: settled.filter(one => one.status === 'fulfilled').map(one => one.value),
      failures: settled.filter(one => one.status === 'rejected').map(one => one.reason as Error),
    }
  },
  down: async (wishes, clear) => {
    const found = await sharedServers()
    const chosen = found.filter(server => isWished(server, wishes))
    await Promise.all(chosen.map(server => stopShared(server.folder, { clear })))
    return { rows: chosen.map(server => row(server.name, server)) }
  },
  status: async wishes => {
    const found = (await sharedServers()).filter(server => isWished(server, wishes))
    return { rows: found.map(server => row(server.name, server)) }
  },
}

const done: Readonly<Record<string, string>> = { up: 'up', down: 'stopped', status: 'up' }

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      clear: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [command, ...names] = positionals
  if (values.help || command === undefined) {
    process.stdout.write(help)
    return values.help ? 0 : 2
  }
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined
  if (!run) throw new HarnessError('BAD_OPTION', `there is no command '${command}': up, down or status`)
  const { rows, failures = [] } = await run(names.map(wish), values.clear)
  if (values.json) process.stdout.write(JSON.stringify(rows, undefined, 2) + '\n')
  else if (rows.length > 0 || failures.length === 0) process.stdout.write(table(rows, done[command]!)) // has the same keys
  for (const failure of failures) process.stderr.write(`brokers: ${failure.message}\n`)
  return failures.length === 0 ? 0 : failures.some(failure => !askedWrongly(failure)) ? 1 : 2
}

async function up({ name, version }: Wish): Promise<Row> {
  const server = await start(name, {
    ...(version === undefined ? {} : { version }),
    say: line => process.stderr.write(`${line}\n`),
  })
  return { name, url: server.url, version: server.version, pid: server.pid }
}

/** The adapters that are not called what their server is called. */
const adapters: Readonly<Record<string, ServerName>> = { mqtt: 'mosquitto', jetstream: 'nats' }

function all(): Wish[] {
  return serverNames.map(name => ({ name, version: undefined }))
}

function wish(text: string): Wish {
  const [name = '', version] = text.split('@')
  const known = serverNames.find(one => one === (adapters[name] ?? name))
  if (known) return { name: known, version }
  throw new HarnessError('BAD_OPTION', `there is no server '${name}': ${serverNames.join(', ')}`)
}

function isWished(server: { name: string; version: string }, wishes: readonly Wish[]): boolean {
  if (wishes.length === 0) return true
  return wishes.some(
    ({ name, version }) => name === server.name && `${server.version}.`.startsWith(version ? `${version}.` : ''),
  )
}

function row(name: string, { url, version, server }: { url: string; version: string; server?: { pid: number } }): Row {
  return { name, url, version, pid: server?.pid }
}

function table(rows: readonly Row[], what: string): string {
  if (rows.length === 0) return `none ${what}\n`
  const width = Math.max(...rows.map(({ url }) => url.length))
  const lines = rows.map(
    ({ name, version, url, pid }) =>
      `${what}  ${name.padEnd(9)}  ${version.padEnd(7)}  ${url.padEnd(width)}  pid ${pid}`,
  )
  return lines.join('\n') + '\n'
}

/** As everywhere: then the command exits with 2. */
function askedWrongly(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'BAD_OPTION' || String(code).startsWith('ERR_PARSE_ARGS')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`brokers: ${(error as Error).message}\n`)
  process.exitCode = askedWrongly(error) ? 2 : 1
}

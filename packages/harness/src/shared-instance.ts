import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import type { ServerName } from './catalogue.ts'
import { HarnessError } from './error.ts'
import { isAlive } from './live-process.ts'
import { locked } from './lock.ts'
import { freePorts, isFree } from './ports.ts'
import type { Program } from './recipe.ts'
import { readRecord } from './record.ts'
import type { ServerRecord } from './record.ts'
import { runningServer } from './running-server.ts'
import type { RunningServer } from './running-server.ts'
import { endByRecord, removeByRecord, Server } from './server.ts'

/** The one instance of a server that all tests of a run, and `npm run brokers`, have together: started where it is not up, with the ports and data it had. */
export async function startShared(
  name: ServerName,
  program: Program,
  { timeout }: { timeout: number },
): Promise<RunningServer> {
  const folder = join(sharedFolder(), `${name}-${program.version}`)
  return await locked(`${folder}.lock`, async () => {
    const found = await readRecord(folder)
    const ports = await samePorts(program, found)
    const url = program.url(ports['client']!) // every program has that port
    const record = { name, version: program.version, ...found, url, ports }
    const server = new Server(program, { folder, ports, config: [] }, record)
    // One that is up and does not answer is hung. It is ours by its record, so it may be ended.
    if (server.isUp && !(await server.answers())) await server.down('SIGKILL')
    await server.up({ timeout })
    return runningServer(name, server, { stop: () => server.end(), dispose: () => Promise.resolve() })
  })
}

/** The records of the shared instances that are up now, of the set that is in use or of another. */
export async function sharedServers(
  set: string = sharedSet(),
): Promise<(ServerRecord & { readonly folder: string })[]> {
  const records = (await readdir(sharedFolder(set)).catch(() => [])).map(async name => {
    const folder = join(sharedFolder(set), name)
    const record = await readRecord(folder)
    return record?.server && isAlive(record.server) ? [{ ...record, folder }] : []
  })
  return (await Promise.all(records)).flat()
}

/** Ends the shared instance in that folder, whoever started it; its data stays unless `clear` is set. */
export async function stopShared(folder: string, { clear = false }: { clear?: boolean } = {}): Promise<void> {
  await locked(`${folder}.lock`, async () => {
    await endByRecord(folder)
    if (clear) await removeByRecord(folder)
  })
}

/** Where the shared instances of a set are. @throws BAD_OPTION for a name that could lead out of the cache */
export function sharedFolder(set: string = sharedSet()): string {
  // A test run's has the encoded start time of its process in it.
  if (!/^[\w-][\w%.!~*'()-]{0,127}$/.test(set))
    throw new HarnessError('BAD_OPTION', `MILLRACE_BROKERS is a word, of letters, digits, '-' and '_', not '${set}'`)
  return join(cacheFolder(), 'run', 'shared', set)
}

/** `$MILLRACE_BROKERS` names the set, so that a test run and a developer need not share one. */
function sharedSet(): string {
  return process.env['MILLRACE_BROKERS'] || 'default'
}

async function samePorts(program: Program, found: ServerRecord | undefined): Promise<Record<string, number>> {
  const had = program.ports.map(port => found?.ports[port])
  const known = had.filter(port => port !== undefined)
  const isUp = found?.server !== undefined && isAlive(found.server)
  const usable = known.length === had.length && (isUp || (await Promise.all(known.map(isFree))).every(Boolean))
  const numbers = usable ? known : await freePorts(program.ports.length)
  return Object.fromEntries(program.ports.map((port, index) => [port, numbers[index]!])) // as many numbers as names
}

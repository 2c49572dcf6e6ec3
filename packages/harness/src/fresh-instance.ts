import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache.ts'
import type { ServerName } from './catalogue.ts'
import { isAlive, liveProcess } from './live-process.ts'
import { freePorts } from './ports.ts'
import type { Program } from './recipe.ts'
import { readRecord, writeRecord } from './record.ts'
import { runningServer } from './running-server.ts'
import type { RunningServer } from './running-server.ts'
import { secureFolder } from './secure.ts'
import { removeByRecord, Server } from './server.ts'

/**
 * Starts an instance for this process alone, with empty data. It ends when this process exits; where this process is killed, the next one that
 * starts a fresh instance ends it.
 */
export async function startFresh(
  name: ServerName,
  program: Program,
  { config, secure: isSecure, timeout }: { config: readonly string[]; secure: boolean; timeout: number },
): Promise<RunningServer> {
  const all = join(cacheFolder(), 'run', 'fresh')
  await removeOrphans(all)
  const folder = join(all, `${name}-${randomUUID().slice(0, 8)}`)
  await mkdir(folder, { recursive: true })
  const numbers = await freePorts(program.ports.length)
  const ports = Object.fromEntries(program.ports.map((port, index) => [port, numbers[index]!])) // as many numbers as names
  const owner = liveProcess(process.pid)
  const url = program.url(ports['client']!) // every program has that port
  const record = { name, version: program.version, url, ports, ...(owner ? { owner } : {}) }
  await writeRecord(folder, record)

  const secure = isSecure ? await secureFolder(folder) : undefined
  const server = new Server(program, { folder, ports, config, ...(secure ? { secure } : {}) }, record)
  const killNow = () => server.killNow()
  process.on('exit', killNow)
  let removed: Promise<void> | undefined
  const remove = () => {
    process.off('exit', killNow)
    return (removed ??= server.remove())
  }
  try {
    await server.up({ timeout })
  } catch (error) {
    await remove()
    throw error
  }
  return runningServer(name, server, { stop: remove, dispose: remove })
}

async function removeOrphans(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const folder = join(all, name)
    const record = await readRecord(folder).catch(() => undefined)
    if (record?.owner && !isAlive(record.owner)) await removeByRecord(folder)
  }
}

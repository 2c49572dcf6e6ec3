import { mkdir, rm } from 'node:fs/promises'
import { HarnessError } from './error.ts'
import { launch, logSize, whenReady } from './launch.ts'
import { isAlive, signalProcess, whenGone } from './live-process.ts'
import type { LiveProcess } from './live-process.ts'
import type { Place, Program } from './recipe.ts'
import { readRecord, writeRecord } from './record.ts'
import type { ServerRecord } from './record.ts'

/** One instance of a server in its own folder: brought up, killed and ended by what its record says, from whichever process. */
export class Server {
  readonly #program: Program
  readonly #place: Place
  #record: ServerRecord

  constructor(program: Program, place: Place, record: ServerRecord) {
    this.#program = program
    this.#place = place
    this.#record = record
  }

  get folder(): string {
    return this.#place.folder
  }

  get record(): ServerRecord {
    return this.#record
  }

  get isUp(): boolean {
    const { server } = this.#record
    return server !== undefined && isAlive(server)
  }

  /** Whether it is up and answers in its own protocol. */
  async answers(): Promise<boolean> {
    if (!this.isUp) return false
    return await this.#program.probe(this.#place).then(
      () => true,
      () => false,
    )
  }

  /** Starts it where it is not up, on the ports and with the data it had. Rejects `START_FAILED`, with nothing left running. */
  async up({ timeout = 60_000 }: { timeout?: number } = {}): Promise<void> {
    if (this.isUp) return
    const { folder } = this.#place
    await mkdir(folder, { recursive: true })
    await this.#write({ started: this.#record.started.filter(isAlive) })
    const logFrom = await logSize(folder)
    try {
      await this.#program.prepare(this.#place)
      const { companion } = this.#program
      if (companion && this.#record.started.length === 0) await this.#launch(companion(this.#place))
      const launched = await this.#launch(this.#program.command(this.#place))
      const server = await whenReady({ program: this.#program, place: this.#place, launched }, { timeout, logFrom })
      await this.#write({ server })
    } catch (error) {
      await killAll(this.#record.server, this.#record.started, this.#record.name)
      const message = `${this.#record.name} ${this.#record.version} did not start: ${(error as Error).message}`
      throw new HarnessError(error instanceof HarnessError ? error.code : 'START_FAILED', message, { cause: error })
    }
  }

  /** Ends the server by that signal and waits until it is gone; what runs beside it stays. SIGTERM that is not heeded in 30 s is followed by SIGKILL. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { server, started } = this.#record
    const companions = this.#program.companion ? started.slice(0, 1) : []
    const own = started.filter(one => !companions.includes(one))
    // The signal goes to the server alone where it can end by itself, so that it can tell its helpers in its own order.
    if (signal === 'SIGTERM' && server && signalProcess(server, signal)) await whenGone(server, 30_000)
    await killAll(server, own, this.#record.name)
    await this.#write({ started: companions })
  }

  /** Ends the server and everything beside it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.down(signal)
    await killAll(undefined, this.#record.started, this.#record.name)
    await this.#write({ started: [] })
  }

  /** Ends it and removes its folder: data, log and record. */
  async remove(): Promise<void> {
    await this.end()
    await rm(this.#place.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Kills everything at once, from where nothing can be awaited: a process that is about to exit. */
  killNow(): void {
    const { server, started } = this.#record
    for (const one of started) signalProcess(one, 'SIGKILL', 'group')
    if (server) signalProcess(server, 'SIGKILL')
  }

  async #launch(command: Parameters<typeof launch>[0]): Promise<LiveProcess> {
    const launched = await launch(command, this.#place.folder)
    await this.#write({ started: [...this.#record.started, launched] })
    return launched
  }

  /** Writes the record with these processes; a server that is not named is no longer up. */
  async #write({
    server,
    started = this.#record.started,
  }: {
    server?: LiveProcess
    started?: readonly LiveProcess[]
  }): Promise<void> {
    const { server: _, ...rest } = this.#record
    this.#record = { ...rest, started, ...(server ? { server } : {}) }
    await writeRecord(this.#place.folder, this.#record)
  }
}

/** Ends the server that the record in that folder names, and everything beside it, by a process that did not start it. */
export async function endByRecord(folder: string, { clear }: { clear: boolean }): Promise<void> {
  const record = await readRecord(folder)
  const { server, started = [] } = record ?? {}
  if (server && signalProcess(server, 'SIGTERM')) await whenGone(server, 30_000)
  if (clear) return await removeByRecord(folder)
  await killAll(server, started, record?.name ?? folder)
  if (!record) return
  const { server: _, ...rest } = record
  await writeRecord(folder, { ...rest, started: [] })
}

/** Kills what the record in that folder names, and removes the folder. */
export async function removeByRecord(folder: string): Promise<void> {
  const record = await readRecord(folder)
  if (record) await killAll(record.server, record.started, record.name)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function killAll(server: LiveProcess | undefined, started: readonly LiveProcess[], name: string): Promise<void> {
  for (const one of started) signalProcess(one, 'SIGKILL', 'group')
  if (server) signalProcess(server, 'SIGKILL')
  for (const one of server ? [...started, server] : started) {
    if (await whenGone(one, 5_000)) continue
    throw new HarnessError('STOP_FAILED', `${name}: process ${one.pid} is still there 5 s after SIGKILL`)
  }
}

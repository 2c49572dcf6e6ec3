import { mkdir, rm } from 'node:fs/promises'
import { dialogue } from './dialogue.ts'
import { HarnessError } from './error.ts'
import { FaultProxy } from './fault-proxy.ts'
import { launch, logSize, whenReady } from './launch.ts'
import { isAlive, signalProcess, whenGone } from './live-process.ts'
import type { LiveProcess } from './live-process.ts'
import type { Place, Program } from './recipe.ts'
import { readRecord, writeRecord } from './record.ts'
import { runCommand } from './run-command.ts'
import type { ServerRecord } from './record.ts'

/** How a client reaches a server over TLS. */
export interface SecureAccess {
  /** With the user and the password in it; of NATS, whose scheme is the same, TLS is what the client asks for. */
  readonly url: string
  /** The certificate to trust, in PEM; it names `localhost` and 127.0.0.1. */
  readonly ca: string
  readonly user: string
  readonly password: string
}

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

  /** What a client needs to reach it over TLS, where it speaks TLS. */
  get secure(): SecureAccess | undefined {
    const { secure, ports } = this.#place
    if (!secure) return undefined
    const { ca, user, password } = secure
    return { url: this.#program.secureUrl(ports, secure), ca, user, password }
  }

  get record(): ServerRecord {
    return this.#record
  }

  /** Runs the server's own command, and resolves with what it prints. */
  async control(args: readonly string[]): Promise<string> {
    const command = this.#program.control?.(this.#place, args)
    if (!command) throw new HarnessError('BAD_OPTION', `${this.#record.name} has no command to control it by`)
    return await runCommand(command.program, command.args, {
      cwd: this.folder,
      ...(command.env ? { env: command.env } : {}),
    })
  }

  /** Starts a fault proxy in front of it; of a server that tells clients where to connect there can be one at a time. */
  async proxy(): Promise<FaultProxy> {
    const { ports } = this.#place
    const { listen, to } = this.#program.proxied ?? { listen: undefined, to: 'client' }
    const port = listen === undefined ? undefined : ports[listen]
    return await FaultProxy.start({ to: ports[to]!, ...(port === undefined ? {} : { port }) }) // a port that the program named
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
    const wait = { folder, timeout, logFrom: await logSize(folder) }
    try {
      await this.#program.prepare(this.#place)
      await this.#companionUp(wait)
      const server = await launch(this.#program.command(this.#place), folder)
      await this.#write({ ...this.#record, server })
      await whenReady(server, () => this.#program.probe(this.#place), wait)
    } catch (error) {
      await killAll(this.#record)
      const message = `${this.#record.name} ${this.#record.version} did not start: ${(error as Error).message}`
      throw new HarnessError('START_FAILED', message, { cause: error })
    }
  }

  /** Ends the server by that signal and waits until it is gone; what runs beside it stays. A SIGTERM that is not heeded in 30 s is followed by SIGKILL. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { companion: _, ...server } = this.#record
    if (signal === 'SIGTERM') await ask(server)
    await killAll(server)
  }

  /** Ends the server, and what runs beside it. */
  async end(): Promise<void> {
    await ask(this.#record)
    await killAll(this.#record)
  }

  /** Ends it and removes its folder: data, log and record. */
  async remove(): Promise<void> {
    await this.end()
    await rm(this.#place.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Kills everything at once, from where nothing can be awaited: a process that is about to exit. */
  killNow(): void {
    for (const one of processes(this.#record)) signalProcess(one, 'SIGKILL', 'group')
  }

  async #companionUp(wait: { folder: string; logFrom: number; timeout: number }): Promise<void> {
    const command = this.#program.companion?.(this.#place)
    const running = this.#record.companion
    if (!command || (running && isAlive(running))) return
    const companion = await launch(command, this.#place.folder)
    await this.#write({ ...this.#record, companion })
    await whenReady(companion, () => dialogue(command.port, () => Promise.resolve()), wait)
  }

  async #write(record: ServerRecord): Promise<void> {
    this.#record = record
    await writeRecord(this.#place.folder, record)
  }
}

/** Ends the server that the record in that folder names, and what runs beside it, from a process that need not have started it. */
export async function endByRecord(folder: string): Promise<void> {
  const record = await readRecord(folder)
  if (!record) return
  await ask(record)
  await killAll(record)
}

/** Kills what the record in that folder names, and removes the folder. */
export async function removeByRecord(folder: string): Promise<void> {
  const record = await readRecord(folder)
  if (record) await killAll(record)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

function processes({ server, companion }: Pick<ServerRecord, 'server' | 'companion'>): LiveProcess[] {
  return [server, companion].filter(one => one !== undefined)
}

// To the server alone, not to its group: it tells its helpers in its own order.
async function ask({ server }: Pick<ServerRecord, 'server'>): Promise<void> {
  if (server && signalProcess(server, 'SIGTERM')) await whenGone(server, 30_000)
}

async function killAll(record: ServerRecord): Promise<void> {
  const all = processes(record)
  for (const one of all) signalProcess(one, 'SIGKILL', 'group')
  for (const one of all) {
    if (await whenGone(one, 10_000)) continue
    throw new HarnessError('STOP_FAILED', `${record.name}: process ${one.pid} is still there 10 s after SIGKILL`)
  }
}

import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

/** How to start one side: everything before the role, port, size and count. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Run {
  /** The role that binds and says "ready". Undefined: there is only one process, which says "result". */
  readonly first?: string
  readonly second: string
  /** Who says "result": the receiver of a stream, the asker of a question. */
  readonly measures: 'first' | 'second'
  readonly size: number
  readonly count: number
  readonly mechanism?: 'curve'
}

/** Runs the two sides of a case in processes of their own and gives the number that one of them measured. */
export async function runPair(program: Program, run: Run, timeout: number = 60_000): Promise<number> {
  const port = await freePort()
  const children: ChildProcess[] = []
  const start = (role: string): { ready: Promise<void>; result: Promise<number> } => {
    const args = [...program.args, role, String(port), String(run.size), String(run.count)]
    if (run.mechanism !== undefined) args.push(run.mechanism)
    const child = spawn(program.command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...program.env },
    })
    children.push(child)
    return heard(child, `${program.command} ${args.join(' ')}`)
  }
  const timer = setTimeout(() => kill(children), timeout)
  try {
    if (run.first === undefined) return await start(run.second).result
    const first = start(run.first)
    first.result.catch(() => {})
    await first.ready
    const second = start(run.second)
    second.ready.catch(() => {})
    if (run.measures === 'second') return await second.result
    second.result.catch(() => {})
    return await first.result
  } finally {
    clearTimeout(timer)
    kill(children)
    await Promise.all(children.map(gone))
  }
}

function heard(child: ChildProcess, what: string): { ready: Promise<void>; result: Promise<number> } {
  const ready = Promise.withResolvers<void>()
  const result = Promise.withResolvers<number>()
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', line => {
      if (line === 'ready') ready.resolve()
      else if (line.startsWith('result ')) result.resolve(Number(line.slice('result '.length)))
    })
  child.once('error', error => {
    ready.reject(error)
    result.reject(error)
  })
  child.once('exit', (code, signal) => {
    const error = new Error(`${what} ended (${signal ?? code}) before it had a result`)
    ready.reject(error)
    result.reject(error)
  })
  ready.promise.catch(() => {})
  return { ready: ready.promise, result: result.promise }
}

function kill(children: readonly ChildProcess[]): void {
  for (const child of children) child.kill('SIGKILL')
}

function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => child.once('exit', () => resolve()))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

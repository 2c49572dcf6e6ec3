// Runs one behaviour over every pair of implementations and every transport that it is true of.
//
// `a` is the side that usually binds, `b` the side that usually connects. Without ZMQ_PAIRS the pairs are ours→ours,
// ours→native and native→ours; ZMQ_PAIRS=native runs native→native, which guards the tests themselves.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Event, EventType, Socket } from 'zeromq'
import { raw } from './raw-options.ts'
import { implementation, type Name, type Zmq } from './implementations.ts'

export { raw } from './raw-options.ts'

export type Transport = 'tcp' | 'ipc' | 'inproc'

/** What a behaviour is played with. Everything opened through it is closed, without linger, when the test ends. */
export interface Scene {
  readonly a: Zmq
  readonly b: Zmq
  readonly names: readonly [Name, Name]
  readonly transport: Transport
  /** Registers a socket: no linger, waits bounded at five seconds, closed at the end. */
  readonly add: <S extends Socket>(socket: S) => S
  /** An address to bind: port 0, a private path, a fresh name. */
  readonly fresh: () => string
  /** Binds to a fresh address and gives the one to connect to. */
  readonly bind: (socket: Socket) => Promise<string>
  /** An address that can be bound or connected to and that nobody is bound to. */
  readonly unused: () => Promise<string>
  readonly defer: (free: () => unknown) => void
}

export interface Options {
  /** Transports, tcp alone unless given; inproc runs within one implementation. */
  over?: readonly Transport[]
  /** Why the native package cannot play a side. */
  oursOnly?: string
  /** Why the native package can play side b alone. */
  oursBinds?: string
  /** Why the native package can play side a alone. */
  oursConnects?: string
  timeout?: number
}

/** The way of reading that is left where the platform has no direct reads; the native package has no such option. */
function readThroughEvents(socket: Socket): void {
  try {
    raw(socket).setStringOption(10_008, 'data')
  } catch (error) {
    if ((error as { code?: string }).code !== 'EINVAL') throw error
  }
}

type Run = (scene: Scene) => Promise<void>

/** Declares one test for each pair and transport. */
export function across(title: string, run: Run): void
export function across(title: string, options: Options, run: Run): void
export function across(title: string, second: Options | Run, third?: Run): void {
  const options = typeof second === 'function' ? {} : second
  const run = typeof second === 'function' ? second : third
  if (run === undefined) throw new TypeError('a behaviour needs a body')
  for (const transport of options.over ?? ['tcp'])
    for (const names of pairs(transport, options))
      test(`${title} [${names[0]} → ${names[1]}, ${transport}]`, { timeout: options.timeout ?? 20_000 }, () =>
        play(names, transport, run),
      )
}

/** One test for each implementation by itself. */
export function each(title: string, run: (scene: Scene) => Promise<void> | void): void
export function each(title: string, options: Options, run: (scene: Scene) => Promise<void> | void): void
export function each(
  title: string,
  second: Options | ((scene: Scene) => Promise<void> | void),
  third?: (scene: Scene) => Promise<void> | void,
): void {
  const options = typeof second === 'function' ? {} : second
  const run = typeof second === 'function' ? second : third
  if (run === undefined) throw new TypeError('a behaviour needs a body')
  const name: Name = process.env['ZMQ_PAIRS'] === 'native' ? 'native' : 'ours'
  if (name === 'native' && options.oursOnly !== undefined) return
  for (const transport of options.over ?? ['tcp'])
    test(`${title} [${name}, ${transport}]`, { timeout: options.timeout ?? 20_000 }, () =>
      play([name, name], transport, async scene => run(scene)),
    )
}

/** Expects that nothing can be received for a while (milliseconds). */
export async function nothing(socket: Receiver, within: number = 60): Promise<void> {
  const before = socket.receiveTimeout
  socket.receiveTimeout = within
  await expect(socket.receive()).rejects.toMatchObject({ code: 'EAGAIN' })
  socket.receiveTimeout = before
}

/** Expects that a message cannot be sent now. */
export async function refuses(
  socket: Sender,
  message: string | string[] = 'refused',
  within: number = 0,
): Promise<void> {
  const before = socket.sendTimeout
  socket.sendTimeout = within
  await expect((async () => socket.send(message))()).rejects.toMatchObject({ code: 'EAGAIN' })
  socket.sendTimeout = before
}

/** Counts what is taken before EAGAIN, at most `most`. */
export async function fill(
  socket: Sender,
  message: string | Buffer | (string | Buffer)[],
  most: number,
): Promise<number> {
  const before = socket.sendTimeout
  socket.sendTimeout = 0
  let sent = 0
  try {
    while (sent < most) {
      await socket.send(message)
      sent++
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' })
  }
  socket.sendTimeout = before
  return sent
}

/**
 * Keeps a receive pending and gives what it brings, if anything. libzmq looks at what happened to a socket only while it
 * is called; for a socket that is only waited upon, this is the call.
 */
export async function attend(socket: Receiver): Promise<Buffer[] | undefined> {
  try {
    return await socket.receive()
  } catch {
    return undefined
  }
}

/** Receives until nothing comes for `quiet` milliseconds. */
export async function drain(socket: Receiver, quiet: number = 80): Promise<Buffer[][]> {
  const before = socket.receiveTimeout
  const taken: Buffer[][] = []
  socket.receiveTimeout = quiet
  try {
    for (;;) taken.push(await socket.receive())
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' })
  }
  socket.receiveTimeout = before
  return taken
}

/** The frames of the next message as strings. */
export async function text(socket: { receive(): Promise<Buffer[] | [Buffer, ...unknown[]]> }): Promise<string[]> {
  return (await socket.receive()).map(frame => (Buffer.isBuffer(frame) ? frame.toString() : ''))
}

/** A request and its reply, both ways whole: libzmq's `bounce`. */
export async function bounce(server: Both, client: Both): Promise<void> {
  const content = ['12345678ABCDEFGH12345678abcdefgh', 'second']

  await client.send(content)
  expect(await text(server)).toEqual(content)
  await server.send(content)

  expect(await text(client)).toEqual(content)
}

/** Waits until what `pub` publishes reaches `sub`, then until nothing of the waiting is left. */
export async function joined(pub: Sender, sub: Receiver & { subscribe(...topics: string[]): void }): Promise<void> {
  const topic = `\u007fprobe${Math.random()}`
  sub.subscribe(topic)
  await reaches(pub, sub, topic)
}

/** The same for a subscriber that already takes `topic`. */
export async function reaches(pub: Sender, sub: Receiver, topic: string): Promise<void> {
  const before = sub.receiveTimeout
  sub.receiveTimeout = 10
  for (let tries = 0; ; tries++) {
    await pub.send([topic, 'probe'])
    try {
      await sub.receive()
      break
    } catch (error) {
      if (tries > 500) throw error
    }
  }
  sub.receiveTimeout = before
  await pub.send([topic, 'end'])
  while ((await sub.receive())[1]?.toString() !== 'end');
}

/** Records a socket's monitor events from now on. */
export class Events {
  readonly seen: Event[] = []
  #taken = 0
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    for (const type of types)
      socket.events.on(type, event => {
        this.seen.push(event as Event)
        for (const wake of this.#waiting) wake()
      })
  }

  get types(): string[] {
    return this.seen.map(event => event.type)
  }

  /** The next event of this type that was not taken yet; what came before it counts as taken. */
  async next<T extends EventType>(type: T, within: number = 5_000): Promise<Event & { type: T }> {
    const found = await this.#when(
      () => this.seen.findIndex((event, at) => at >= this.#taken && event.type === type),
      within,
      type,
    )
    this.#taken = found + 1
    return this.seen[found] as Event & { type: T }
  }

  /** Resolves when `count` events of this type have been seen in all. */
  async count(type: EventType, count: number, within: number = 5_000): Promise<void> {
    const seen = (): number => this.seen.filter(event => event.type === type).length
    await this.#when(() => (seen() >= count ? 0 : -1), within, `${count} × ${type}`)
  }

  #when(find: () => number, within: number, what: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const at = find()
        if (at < 0) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(at)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new Error(`no ${what} within ${within} ms, only: ${this.types.join(', ')}`))
      }, within)
      this.#waiting.add(look)
      look()
    })
  }
}

/** Connects the others to `hub`, which binds, and returns when every one of them is ready for messages. */
export async function connected(scene: Scene, hub: Socket, others: readonly Socket[]): Promise<void> {
  const events = scene.transport === 'inproc' ? undefined : new Events(hub)
  const endpoint = await scene.bind(hub)
  for (const [at, other] of others.entries()) {
    const theirs = events === undefined ? undefined : new Events(other)
    other.connect(endpoint)
    await events?.count('handshake', at + 1)
    await theirs?.count('handshake', 1)
  }
}

/** A tcp port that nobody listens on. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

export function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))
}

export interface Sender {
  sendTimeout: number
  send(message: string | Buffer | (string | Buffer)[]): Promise<void>
}
export interface Receiver {
  receiveTimeout: number
  receive(): Promise<Buffer[]>
}
export type Both = Sender & Receiver

const types: readonly EventType[] = [
  'accept',
  'accept:error',
  'bind',
  'bind:error',
  'connect',
  'connect:delay',
  'connect:retry',
  'close',
  'close:error',
  'disconnect',
  'end',
  'handshake',
  'handshake:error:protocol',
  'handshake:error:auth',
  'handshake:error:other',
  'unknown',
]

function pairs(transport: Transport, options: Options): readonly (readonly [Name, Name])[] {
  if (process.env['ZMQ_PAIRS'] === 'native')
    return (options.oursOnly ?? options.oursBinds ?? options.oursConnects) === undefined ? [['native', 'native']] : []
  if (transport === 'inproc' || options.oursOnly !== undefined) return [['ours', 'ours']]
  const made: (readonly [Name, Name])[] = [['ours', 'ours']]
  if (options.oursConnects === undefined) made.push(['ours', 'native'])
  if (options.oursBinds === undefined) made.push(['native', 'ours'])
  return made
}

async function play(names: readonly [Name, Name], transport: Transport, run: Run): Promise<void> {
  const [a, b] = await Promise.all([implementation(names[0]), implementation(names[1])])
  const freeing: (() => unknown)[] = []
  let folder: string | undefined
  let fresh = 0
  const path = (): string => {
    if (folder === undefined) {
      const made = mkdtempSync(join(tmpdir(), 'mr-'))
      freeing.unshift(() => rmSync(made, { recursive: true, force: true }))
      folder = made
    }
    return `ipc://${folder}/${fresh++}`
  }
  const name = (): string => `inproc://fresh-${process.pid}-${Math.random()}`
  const scene: Scene = {
    a,
    b,
    names,
    transport,
    add(socket) {
      socket.linger = 0
      if (process.env['ZMQ_READS'] === 'data') readThroughEvents(socket)
      if (socket.type === 0 || 'sendTimeout' in socket) (socket as unknown as Sender).sendTimeout = 5_000
      if (socket.type === 0 || 'receiveTimeout' in socket) (socket as unknown as Receiver).receiveTimeout = 5_000
      freeing.push(() => socket.close())
      return socket
    },
    fresh: () => (transport === 'tcp' ? 'tcp://127.0.0.1:*' : transport === 'ipc' ? path() : name()),
    async bind(socket) {
      await socket.bind(scene.fresh())
      if (socket.lastEndpoint === null) throw new Error('bound, but no last endpoint')
      return socket.lastEndpoint
    },
    async unused() {
      return transport === 'tcp' ? `tcp://127.0.0.1:${await unusedPort()}` : scene.fresh()
    },
    defer: free => void freeing.push(free),
  }
  try {
    await run(scene)
  } finally {
    for (const free of freeing.reverse()) await free()
  }
}

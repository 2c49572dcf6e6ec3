import type * as zmq from '../../src/index.ts'

type Zmq = typeof zmq
type Any = zmq.Dealer

/** What an operation did: returned, threw or rejected with a code, resolved, or was still waiting when its time was over. */
export type Outcome = string

interface Scene {
  readonly zmq: Zmq
  readonly socket: Any
  readonly more: { close(): void }[]
}

/** The classes of sockets that both packages have. */
export const TYPES = [
  'Pair',
  'Publisher',
  'Subscriber',
  'Request',
  'Reply',
  'Dealer',
  'Router',
  'Pull',
  'Push',
  'XPublisher',
  'XSubscriber',
  'Stream',
] as const

/** Long enough for what settles at once, short enough for a table: whatever is slower waits for something. */
const AT_ONCE = 40

/** A bind ends, however busy the native package's threads are. */
const BINDING = 5_000

/** States that a socket can be in when an operation is tried. */
const STATES: Readonly<Record<string, (scene: Scene) => void | Promise<void>>> = {
  fresh: () => {},
  'fresh, no waiting': ({ socket }) => doNotWait(socket),
  bound: ({ socket }) => socket.bind('tcp://127.0.0.1:*'),
  'bound, no waiting': async ({ socket }) => {
    doNotWait(socket)
    await socket.bind('tcp://127.0.0.1:*')
  },
  'binding now': ({ socket }) => {
    socket.bind('tcp://127.0.0.1:*').catch(() => {})
  },
  'connecting to nobody': ({ socket }) => socket.connect('tcp://127.0.0.1:9'),
  'receiving already': ({ socket }) => {
    try {
      socket.receive().catch(() => {})
    } catch {
      // A type that cannot receive.
    }
  },
  'sending already': ({ socket }) => {
    try {
      socket.send('first').catch(() => {})
    } catch {
      // A type that cannot send.
    }
  },
  closed: ({ socket }) => socket.close(),
}

/** Operations, with the messages that make sense for every type. */
const OPERATIONS: Readonly<Record<string, (scene: Scene) => unknown>> = {
  "send('x')": ({ socket }) => socket.send('x'),
  "send(['x', 'y'])": ({ socket }) => socket.send(['x', 'y']),
  'send()': ({ socket }) => (socket.send as () => unknown)(),
  'receive()': ({ socket }) => socket.receive(),
  "bind('tcp://127.0.0.1:*')": ({ socket }) => socket.bind('tcp://127.0.0.1:*'),
  "bind('nonsense')": ({ socket }) => socket.bind('nonsense'),
  "bind('foo://x')": ({ socket }) => socket.bind('foo://x'),
  'bind()': ({ socket }) => (socket.bind as () => unknown)(),
  "bindSync('tcp://127.0.0.1:*')": ({ socket }) => socket.bindSync('tcp://127.0.0.1:*'),
  "unbind('tcp://127.0.0.1:9')": ({ socket }) => socket.unbind('tcp://127.0.0.1:9'),
  "unbindSync('tcp://127.0.0.1:9')": ({ socket }) => socket.unbindSync('tcp://127.0.0.1:9'),
  "connect('tcp://127.0.0.1:9')": ({ socket }) => socket.connect('tcp://127.0.0.1:9'),
  "connect('tcp://')": ({ socket }) => socket.connect('tcp://'),
  "connect('foo://x')": ({ socket }) => socket.connect('foo://x'),
  'connect()': ({ socket }) => (socket.connect as () => unknown)(),
  "disconnect('tcp://127.0.0.1:10')": ({ socket }) => socket.disconnect('tcp://127.0.0.1:10'),
  'linger = 5': ({ socket }) => (socket.linger = 5),
  'linger = -2': ({ socket }) => (socket.linger = -2),
  "linger = 'x'": ({ socket }) => (socket.linger = 'x' as never),
  'ipv6 = 1': ({ socket }) => (socket.ipv6 = 1 as never),
  'zapDomain = 5': ({ socket }) => (socket.zapDomain = 5 as never),
  linger: ({ socket }) => socket.linger,
  type: ({ socket }) => socket.type,
  readable: ({ socket }) => socket.readable,
  writable: ({ socket }) => socket.writable,
  closed: ({ socket }) => socket.closed,
  'close()': ({ socket }) => socket.close(),
}

/** Runs every operation in every state on every type of one package. */
export async function table(zmq: Zmq): Promise<Map<string, Outcome>> {
  const rows: [string, Promise<Outcome>][] = []
  for (const type of TYPES) {
    for (const [state, prepare] of Object.entries(STATES)) {
      for (const [operation, run] of Object.entries(OPERATIONS)) {
        rows.push([
          `${type}, ${state}: ${operation}`,
          attempt(zmq, type, prepare, run, /^(un)?bind\(/.test(operation) ? BINDING : AT_ONCE),
        ])
        // Sockets are few for the native package: not all at once.
        if (rows.length % 200 === 0) await Promise.all(rows.slice(-200).map(([, outcome]) => outcome))
      }
    }
  }
  const found = new Map<string, Outcome>()
  for (const [row, outcome] of rows) found.set(row, await outcome)
  return found
}

async function attempt(
  zmq: Zmq,
  type: (typeof TYPES)[number],
  prepare: (scene: Scene) => void | Promise<void>,
  run: (scene: Scene) => unknown,
  patience: number,
): Promise<Outcome> {
  const socket = new zmq[type]({ linger: 0 }) as unknown as Any
  const scene: Scene = { zmq, socket, more: [] }
  try {
    await prepare(scene)
    return await outcome(() => run(scene), patience)
  } finally {
    socket.close()
    for (const other of scene.more) other.close()
  }
}

async function outcome(run: () => unknown, patience: number): Promise<Outcome> {
  let result: unknown
  try {
    result = run()
  } catch (error) {
    return `throws ${nameOf(error)}`
  }
  if (!(result instanceof Promise)) return `returns ${String(result)}`
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome>(resolve => {
    timer = setTimeout(resolve, patience, 'waits')
  })
  const settled = result.then(
    () => 'resolves',
    (error: unknown) => `rejects ${nameOf(error)}`,
  )
  const found = await Promise.race([settled, late])
  clearTimeout(timer)
  return found
}

function nameOf(error: unknown): string {
  const { code, name } = error as { code?: string; name: string }
  return code ?? name
}

function doNotWait(socket: Any): void {
  if ('sendTimeout' in socket) socket.sendTimeout = 0
  if ('receiveTimeout' in socket) socket.receiveTimeout = 0
}

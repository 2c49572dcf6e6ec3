import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

// Peers that do harm, in processes of their own, and an honest one beside them that has to notice little.

const children: ChildProcess[] = []
const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

test('a flood of HELLOs does not make an honest peer wait for long, nor memory grow', async () => {
  const server = zmq.curveKeyPair()
  const client = zmq.curveKeyPair()
  const rep = kept(new zmq.Reply({ linger: 0, curveServer: true, curveSecretKey: server.secretKey }))
  const req = kept(
    new zmq.Request({
      linger: 0,
      curveServerKey: server.publicKey,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
    }),
  )
  await rep.bind('tcp://127.0.0.1:*')
  void serve(rep)
  req.connect(rep.lastEndpoint!)
  await roundTrips(req, 1000)
  const before = memory()
  const flooder = await flood('hello', rep)
  await roundTrips(req, 500)

  const quiet: Waits[] = []
  const flooded: Waits[] = []
  for (let round = 0; round < 9; round++) {
    flooder.kill('SIGSTOP')
    await roundTrips(req, 200)
    quiet.push(await roundTrips(req, 400))
    flooder.kill('SIGCONT')
    await roundTrips(req, 200)
    flooded.push(await roundTrips(req, 400))
  }

  const [own, now] = [middle(quiet), middle(flooded)]
  console.log(`alone p50 ${ms(own.p50)} p99 ${ms(own.p99)}, flooded p50 ${ms(now.p50)} p99 ${ms(now.p99)}`)
  // A round trip within this process takes next to nothing: one step of a stranger's handshake is a third of a millisecond.
  expect(now.p99).toBeLessThan(Math.max(2 * own.p99, 3))
  expect(now.p50).toBeLessThan(Math.max(2 * own.p50, 0.2))
  expect(memory() - before).toBeLessThan(64 * MIB)
})

test('a message of endless frames is ended, and others are served', async () => {
  const pull = kept(new zmq.Pull({ linger: 0 }))
  await pull.bind('tcp://127.0.0.1:*')
  const before = memory()
  const ends = ended(pull)
  await flood('more', pull)

  await ends(2)

  expect(memory() - before).toBeLessThan(256 * MIB)
  const push = kept(new zmq.Push({ linger: 0 }))
  push.connect(pull.lastEndpoint!)
  await push.send('honest')
  expect((await pull.receive()).toString()).toBe('honest')
})

test('two hundred peers that never finish their greeting are thrown out, and others are served', async () => {
  const pull = kept(new zmq.Pull({ linger: 0, handshakeInterval: 300 }))
  await pull.bind('tcp://127.0.0.1:*')
  const thrownOut = ended(pull)
  await flood('loris', pull)

  const push = kept(new zmq.Push({ linger: 0 }))
  push.connect(pull.lastEndpoint!)
  await push.send('honest')
  expect((await pull.receive()).toString()).toBe('honest')

  await thrownOut(200)
})

test('a subscriber that does not read costs no more than its high-water mark', async () => {
  const publisher = kept(new zmq.Publisher({ linger: 0, sendHighWaterMark: 100 }))
  const honest = kept(new zmq.Subscriber({ linger: 0 }))
  const stalled = kept(new zmq.Subscriber({ linger: 0, receiveHighWaterMark: 1 }))
  await publisher.bind('tcp://127.0.0.1:*')
  for (const one of [honest, stalled]) {
    one.subscribe('')
    one.connect(publisher.lastEndpoint!)
    await synchronized(publisher, one)
  }
  const before = memory()
  const body = Buffer.alloc(10_000, 1)
  let received = 0

  const reading = (async () => {
    for await (const [frame] of honest) if (frame!.length === 10_000 && ++received === 40_000) return
  })()
  for (let sent = 0; received < 40_000; sent++) {
    await publisher.send(body)
    // At the honest one's pace: 50 in flight.
    while (sent - received > 50) await new Promise(setImmediate)
  }
  await reading

  // 400 MB were sent, and not all that is free has been collected.
  expect(memory() - before).toBeLessThan(96 * MIB)
})

const MIB = 2 ** 20

function kept<T extends zmq.Socket>(socket: T): T {
  sockets.push(socket)
  return socket
}

async function flood(kind: string, target: zmq.Socket & { lastEndpoint: string | null }): Promise<ChildProcess> {
  const port = target.lastEndpoint!.split(':').at(-1)!
  const script = fileURLToPath(new URL('flooder.ts', import.meta.url))
  const child = spawn(process.execPath, [script, kind, port], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout!, 'data')
  return child
}

// Resolves when so many connections have ended, in or after their handshakes.
function ended(socket: zmq.Socket): (count: number) => Promise<void> {
  const events = socket.events
  return async count => {
    let seen = 0
    for await (const { type } of events) {
      if (type === 'disconnect' || type === 'handshake:error:other' || type === 'handshake:error:protocol') seen++
      if (seen >= count) return
    }
  }
}

async function serve(rep: zmq.Reply): Promise<void> {
  for await (const message of rep) await rep.send(message)
}

/** Milliseconds by the clock. */
interface Waits {
  readonly p50: number
  readonly p99: number
}

async function roundTrips(req: zmq.Request, count: number): Promise<Waits> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await req.send('x')
    await req.receive()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { p50: times[Math.floor(count * 0.5)]!, p99: times[Math.floor(count * 0.99)]! }
}

/** The medians of several rounds: what else the machine does hits some of them, and those alone and those flooded alike. */
function middle(rounds: readonly Waits[]): Waits {
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!
  return { p50: median(rounds.map(({ p50 }) => p50)), p99: median(rounds.map(({ p99 }) => p99)) }
}

const ms = (time: number): string => `${time.toFixed(2)} ms`

async function synchronized(publisher: zmq.Publisher, subscriber: zmq.Subscriber): Promise<void> {
  const came = subscriber.receive()
  let done = false
  void came.then(() => (done = true))
  while (!done) {
    await publisher.send('hello')
    await new Promise(setImmediate)
  }
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

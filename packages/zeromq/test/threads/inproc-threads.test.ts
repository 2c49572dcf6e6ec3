import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

const workers: Worker[] = []
const sockets: zmq.Socket[] = []
let count = 0

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close()
  await Promise.all(workers.splice(0).map(worker => worker.terminate()))
})

function start(work: string, address: string): Worker {
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: { work, address },
    execArgv: ['--conditions=millrace-source'],
  })
  workers.push(worker)
  return worker
}

function add<S extends zmq.Socket>(socket: S): S {
  sockets.push(socket)
  return socket
}

function name(): string {
  return `inproc://between-threads-${process.pid}-${count++}`
}

test('what another thread pushes arrives whole and in order, ten thousand messages and its close', async () => {
  const address = name()
  const pull = add(new zmq.Pull())
  await pull.bind(address)
  const exit = once(start('push', address), 'exit')

  for (let i = 0; i < 10_000; i++) expect((await pull.receive()).map(String)).toEqual([String(i), 'body'])

  expect(await exit).toEqual([0])
})

test('a name that another thread binds later is found then, and one that it bound before at once', async () => {
  const address = name()
  const early = add(new zmq.Request())
  early.connect(address)
  await early.send('early')
  const worker = start('reply', address)
  await once(worker, 'message')
  const late = add(new zmq.Request())
  late.connect(address)
  await late.send(['late', 'parts'])

  expect((await early.receive()).map(String)).toEqual(['early', 'from the worker'])
  expect((await late.receive()).map(String)).toEqual(['late', 'parts', 'from the worker'])
})

test('subscriptions and cancellations cross too, and a megabyte', async () => {
  const address = name()
  const subscriber = add(new zmq.Subscriber())
  subscriber.subscribe('news')
  subscriber.connect(address)
  const exit = once(start('publish', address), 'exit')

  const [topic, body] = await subscriber.receive()
  expect([String(topic), body?.length, body?.[1 << 19]]).toEqual(['news', 1 << 20, 7])
  subscriber.unsubscribe('news')

  expect(await exit).toEqual([0])
})

test("a worker's death is a disconnection: the next may come", async () => {
  const address = name()
  const pair = add(new zmq.Pair())
  await pair.bind(address)
  const first = start('wait', address)
  expect(String(await pair.receive())).toBe('here')

  await first.terminate()
  start('wait', address)

  expect(String(await pair.receive())).toBe('here')
})

test('a full receiver holds its sender in the other thread', async () => {
  const address = name()
  const pull = add(new zmq.Pull({ receiveHighWaterMark: 10 }))
  await pull.bind(address)
  start('push', address)
  const [first] = await pull.receive()
  expect(String(first)).toBe('0')
  // The worker cannot be done: its ten thousand are more than marks and credit hold.
  const [worker] = workers
  let exited = false
  worker!.once('exit', () => (exited = true))
  for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve))

  expect(exited).toBe(false)
  for (let i = 1; i < 10_000; i++) expect(String((await pull.receive())[0])).toBe(String(i))
})

test('a name that another thread has is in use, until that thread has unbound it or is gone', async () => {
  const address = name()
  const worker = start('reply', address)
  await once(worker, 'message')
  const reply = add(new zmq.Reply())

  await expect(reply.bind(address)).rejects.toMatchObject({ code: 'EADDRINUSE', address })

  expect(reply.lastEndpoint).toBe(null)
  const request = add(new zmq.Request())
  request.connect(address)
  await request.send('to the other thread')
  expect((await request.receive()).map(String)).toEqual(['to the other thread', 'from the worker'])
  await worker.terminate()
  await reply.bind(address)
  await reply.unbind(address)
  await reply.bind(address)
})

test('of two threads that bind a name at the same time one gets it', async () => {
  for (let i = 0; i < 5; i++) {
    const address = name()
    const worker = start('try', address)
    await once(worker, 'message')
    const reply = add(new zmq.Reply())
    const theirs = once(worker, 'message') as Promise<[string]>

    worker.postMessage('now')
    const mine = await reply.bind(address).then(
      () => 'bound',
      (error: { code?: unknown }) => error.code,
    )

    expect(new Set([mine, ...(await theirs)])).toEqual(new Set(['EADDRINUSE', 'bound']))
  }
})

test('the ZAP handler of one thread is asked for the sockets of all', async () => {
  const worker = start('authenticate', 'inproc://zeromq.zap.01')
  await once(worker, 'message')
  const server = add(new zmq.Reply({ linger: 0, plainServer: true }))
  await server.bind('tcp://127.0.0.1:*')
  const denied = new Promise(resolve => server.events.on('handshake:error:auth', ({ error }) => resolve(error.status)))
  const stranger = add(new zmq.Request({ linger: 0, plainUsername: 'eve', plainPassword: 'x' }))
  const friend = add(new zmq.Request({ linger: 0, plainUsername: 'anne', plainPassword: 'x' }))

  stranger.connect(server.lastEndpoint!)
  expect(await denied).toBe(400)
  friend.connect(server.lastEndpoint!)
  await friend.send('hello')

  expect(String(await server.receive())).toBe('hello')
})

test('a bindSync that cannot ask leaves both bound: both sockets report that the name is in use, and the process warns', async () => {
  const address = name()
  const reply = add(new zmq.Reply())
  const here = new Promise(resolve =>
    reply.events.on('bind:error', ({ error, address: at }) => resolve([error.code, at])),
  )
  await reply.bind(address)
  const warned = once(process, 'warning') as Promise<[Error]>

  const worker = start('rival', address)

  expect(await once(worker, 'message')).toEqual([['EADDRINUSE', address]])
  expect(await here).toEqual(['EADDRINUSE', address])
  expect((await warned)[0].message).toBe(`${address} is bound in another thread, too`)
  const request = add(new zmq.Request())
  request.connect(address)
  await request.send('to my own thread')
  expect(String(await reply.receive())).toBe('to my own thread')
  worker.postMessage('end')
  await once(worker, 'exit')
})

import { getEventListeners } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { Client, Server } from '../src/draft.ts'
import { QueuedSender, terminate } from '../src/extra.ts'
import * as zmq from '../src/index.ts'

const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

function add<S extends zmq.Socket>(socket: S): S {
  sockets.push(socket)
  return socket
}

async function pair(): Promise<[zmq.Push, zmq.Pull]> {
  const pull = add(new zmq.Pull({ receiveHighWaterMark: 1 }))
  await pull.bind('tcp://127.0.0.1:*')
  const push = add(new zmq.Push({ sendHighWaterMark: 1, linger: 0 }))
  push.connect(pull.lastEndpoint!)
  return [push, pull]
}

test('a receive that is aborted rejects with the reason, and what comes goes to the next', async () => {
  const [push, pull] = await pair()
  const reason = new Error('no longer')
  const abort = new AbortController()
  const waiting = pull.receive({ signal: abort.signal })

  abort.abort(reason)

  await expect(waiting).rejects.toBe(reason)
  await push.send('later')
  expect(String(await pull.receive())).toBe('later')
})

test('aborted at every moment, receives lose no message and hand none out twice', async () => {
  const [push, pull] = await pair()
  const moments = [
    (abort: AbortController) => abort.abort(),
    (abort: AbortController) => queueMicrotask(() => abort.abort()),
    (abort: AbortController) => process.nextTick(() => abort.abort()),
    (abort: AbortController) => setImmediate(() => abort.abort()),
    () => {},
  ]
  const sending = (async () => {
    for (let i = 0; i < 500; i++) {
      await push.send(String(i))
      if (i % 3 === 0) await new Promise(resolve => setImmediate(resolve))
    }
  })()

  let aborted = 0
  for (let next = 0, turn = 0; next < 500; turn++) {
    const abort = new AbortController()
    const waiting = pull.receive({ signal: abort.signal })
    moments[turn % moments.length]!(abort)
    try {
      expect(String(await waiting)).toBe(String(next))
      next++
    } catch (error) {
      expect(error).toBe(abort.signal.reason)
      aborted++
    }
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  }
  await sending

  expect(aborted).toBeGreaterThan(0)
})

test('a send that is aborted while it waits was not sent; those that resolved arrive, in order', async () => {
  const [push, pull] = await pair()
  const body = Buffer.alloc(300_000)
  const sent: number[] = []
  let aborted = 0
  for (let i = 0; i < 60; i++) {
    const abort = new AbortController()
    const waiting = push.send([String(i), body], { signal: abort.signal })
    setImmediate(() => abort.abort())
    try {
      await waiting
      sent.push(i)
    } catch (error) {
      expect(error).toBe(abort.signal.reason)
      aborted++
    }
  }

  expect(aborted).toBeGreaterThan(0)
  for (const i of sent) expect(String((await pull.receive())[0])).toBe(String(i))
  await push.send('the end')
  expect(String(await pull.receive())).toBe('the end')
})

test('with a signal that was aborted before, nothing is sent and nothing is taken', async () => {
  const [push, pull] = await pair()
  const signal = AbortSignal.abort(new Error('before'))

  await expect(push.send('x', { signal })).rejects.toThrow('before')
  await expect(push.sendMany(['x', 'y'], { signal })).rejects.toMatchObject({ message: 'before', sent: 0 })
  await push.send('y')
  while (!pull.readable) await new Promise(resolve => setImmediate(resolve))
  await expect(pull.receive({ signal })).rejects.toThrow('before')
  await expect(pull.receiveMany(10, { signal })).rejects.toThrow('before')
  await expect(pull.batches(10, { signal }).next()).rejects.toThrow('before')

  expect((await pull.receive()).map(String)).toEqual(['y'])
})

test('many sends and receives end by a signal, too, and say how many were sent', async () => {
  const pull = add(new zmq.Pull())
  await pull.bind('inproc://signals')
  const push = add(new zmq.Push({ sendHighWaterMark: 2 }))
  const abort = new AbortController()
  push.connect('inproc://signals-nobody')

  const sending = push.sendMany(['a', 'b', 'c', 'd'], { signal: abort.signal })
  const receiving = pull.receiveMany(10, { signal: abort.signal })
  const iterating = (async () => {
    const other = add(new zmq.Pull())
    for await (const batch of other.batches(10, { signal: abort.signal })) expect(batch).toEqual([])
  })()
  const all = Promise.allSettled([sending, receiving, iterating])
  abort.abort(new Error('enough'))

  const outcomes = await all
  expect(outcomes.map(outcome => outcome.status === 'rejected' && (outcome.reason as Error).message)).toEqual([
    'enough',
    'enough',
    'enough',
  ])
})

test('where a message is sent to somebody, a signal goes with it', async () => {
  const server = add(new Server())
  await server.bind('tcp://127.0.0.1:*')
  const client = add(new Client())
  client.connect(server.lastEndpoint!)
  await client.send('hello', { signal: new AbortController().signal })
  const [, { routingId }] = await server.receive()

  await server.send('welcome', { routingId, signal: new AbortController().signal })

  expect(String((await client.receive({ signal: new AbortController().signal }))[0])).toBe('welcome')
})

test('waiting for an event that is aborted rejects with the reason, and the event goes to the next', async () => {
  const pull = add(new zmq.Pull())
  const abort = new AbortController()
  const waiting = pull.events.receive({ signal: abort.signal })

  abort.abort(new Error('no longer'))

  await expect(waiting).rejects.toThrow('no longer')
  await pull.bind('tcp://127.0.0.1:*')
  expect((await pull.events.receive()).type).toBe('bind')
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})

test.each([
  ['a text', 'enough'],
  ['nothing', null],
  ['an error that is frozen', Object.freeze(new Error('enough'))],
] as const)('sendMany rejects with the reason of its signal, also when it is %s', async (_what, reason) => {
  const [push] = await pair()
  const abort = new AbortController()
  const many = push.sendMany(Array.from({ length: 10_000 }).fill('x') as string[], { signal: abort.signal })

  abort.abort(reason)

  expect(await many.catch((error: unknown) => error)).toBe(abort.signal.reason)
})

test('a queued send that is aborted was not sent, and its place is free', async () => {
  const pull = add(new zmq.Pull())
  const push = add(new zmq.Push({ linger: 0 }))
  await push.bind('tcp://127.0.0.1:*')
  const sender = new QueuedSender(push, { max: 1 })
  const abort = new AbortController()
  const first = sender.send('first')
  const second = sender.send('second', { signal: abort.signal })

  abort.abort(new Error('no longer'))

  await expect(second).rejects.toThrow('no longer')
  const third = sender.send('third')
  pull.connect(push.lastEndpoint!)
  await Promise.all([first, third])
  expect([String(await pull.receive()), String(await pull.receive())]).toEqual(['first', 'third'])
})

test('the wait for the end of a context can be aborted; the end goes on', async () => {
  const context = new zmq.Context()
  const push = add(new zmq.Push({ context }))
  const abort = new AbortController()
  const waiting = terminate(context, { signal: abort.signal })

  abort.abort(new Error('no longer'))

  await expect(waiting).rejects.toThrow('no longer')
  expect(() => new zmq.Push({ context })).toThrow(expect.objectContaining({ code: 'ETERM' }))
  push.close()
  await terminate(context)
})

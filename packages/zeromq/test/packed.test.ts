import { afterEach, expect, test } from 'vitest'
import { Dish, Server } from '../src/draft.ts'
import * as zmq from '../src/index.ts'
import type { PackedMessages } from '../src/index.ts'
import { Peer } from '../src/peer.ts'

const open: zmq.Socket[] = []
function use<S extends zmq.Socket>(socket: S): S {
  open.push(socket)
  return socket
}
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

function texts(messages: PackedMessages): string[][] {
  return [...messages].map(message => message.map(String))
}

/** Messages as they come, until there are `count`. */
async function received(socket: zmq.Pull | zmq.Subscriber | zmq.Router, count: number): Promise<string[][]> {
  const all: string[][] = []
  while (all.length < count) all.push(...texts(await socket.receivePacked(100)))
  return all
}

test.each(['tcp://127.0.0.1:*', 'inproc://packed'])(
  'a PULL on %s receives all in order, however it is asked',
  async at => {
    const pull = use(new zmq.Pull({ receiveTimeout: 5000 }))
    const push = use(new zmq.Push())
    await pull.bind(at)
    push.connect(pull.lastEndpoint!)
    const count = 5000
    const sending = (async () => {
      for (let i = 0; i < count; i++) await push.send(i % 7 === 0 ? [`${i}`, 'more'] : `${i}`)
    })()

    const all: string[][] = []
    while (all.length < count) {
      all.push(...texts(await pull.receivePacked()))
      if (all.length < count) all.push((await pull.receive()).map(String))
      if (all.length < count) all.push(...(await pull.receiveMany(5)).map(message => message.map(String)))
    }
    await sending

    expect(all).toEqual(Array.from({ length: count }, (_, i) => (i % 7 === 0 ? [`${i}`, 'more'] : [`${i}`])))
  },
)

test('several peers are heard in turns', async () => {
  const pull = use(new zmq.Pull({ receiveTimeout: 5000 }))
  await pull.bind('inproc://turns')
  const names = ['a', 'b', 'c']
  const pushes = names.map(() => use(new zmq.Push()))
  await Promise.all(
    pushes.map(async (push, at) => {
      push.connect(pull.lastEndpoint!)
      for (let i = 0; i < 300; i++) await push.send(names[at]!)
    }),
  )

  const all = (await received(pull, 900)).flat()

  for (let i = 0; i < 900; i += 3) expect(all.slice(i, i + 3).toSorted()).toEqual(names)
})

test('a SUB receives what it subscribed to', async () => {
  const pub = use(new zmq.XPublisher())
  const sub = use(new zmq.Subscriber({ receiveTimeout: 5000 }))
  sub.subscribe('yes')
  await pub.bind('tcp://127.0.0.1:*')
  sub.connect(pub.lastEndpoint!)
  await pub.receive()
  for (let i = 0; i < 200; i++) await pub.send([i % 2 === 0 ? 'yes' : 'no', `${i}`])

  expect(await received(sub, 100)).toEqual(Array.from({ length: 100 }, (_, i) => ['yes', `${2 * i}`]))
})

test('a ROUTER receives each message after the id of its peer', async () => {
  const router = use(new zmq.Router({ receiveTimeout: 5000 }))
  const dealer = use(new zmq.Dealer({ routingId: 'me' }))
  await router.bind('tcp://127.0.0.1:*')
  dealer.connect(router.lastEndpoint!)
  for (let i = 0; i < 10; i++) await dealer.send(['', `${i}`])

  expect(await received(router, 10)).toEqual(Array.from({ length: 10 }, (_, i) => ['me', '', `${i}`]))
})

test('it waits as receive does: for so long, until a signal, until the socket is closed, and for nobody else', async () => {
  const pull = use(new zmq.Pull({ receiveTimeout: 20 }))
  await expect(pull.receivePacked()).rejects.toMatchObject({ code: 'EAGAIN' })
  await expect(pull.receivePacked(0)).rejects.toMatchObject({ code: 'EINVAL' })
  await expect(pull.receivePacked(Number.NaN)).rejects.toMatchObject({ code: 'EINVAL' })
  pull.receiveTimeout = -1
  const abort = new AbortController()
  const aborted = pull.receivePacked(10, { signal: abort.signal })
  expect(() => pull.receivePacked()).toThrow(expect.objectContaining({ code: 'EBUSY' }))
  abort.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  const waiting = pull.receivePacked()
  pull.close()

  await expect(waiting).rejects.toMatchObject({ code: 'EAGAIN' })
  expect(() => pull.receivePacked()).toThrow(expect.objectContaining({ code: 'EBADF' }))
})

test.each([
  ['SERVER', () => new Server()],
  ['PEER', () => new Peer()],
  ['DISH', () => new Dish()],
] as const)('%s, whose messages have more to them than frames, refuses', async (_, make) => {
  const socket = use(make()) as unknown as zmq.Pull

  await expect(socket.receivePacked()).rejects.toMatchObject({ code: 'ENOTSUP' })
})

test('whoever is given the memory of one batch has that and nothing else', async () => {
  const [pull, push] = [use(new zmq.Pull({ receiveTimeout: 5000 })), use(new zmq.Push())]
  await pull.bind('tcp://127.0.0.1:*')
  push.connect(pull.lastEndpoint!)
  const batches: PackedMessages[] = []
  for (let i = 0; i < 3; i++) {
    await push.send(`of batch ${i}`)
    batches.push(await pull.receivePacked())
  }
  const [first, second, third] = batches as [PackedMessages, PackedMessages, PackedMessages]
  const kept = third.frame(0)

  const moved = structuredClone(second.bytes.buffer, { transfer: [second.bytes.buffer as ArrayBuffer] })
  await push.send('after')

  expect(Buffer.from(moved).toString()).toContain('of batch 1')
  expect(second.bytes).toHaveLength(0)
  expect([texts(first), texts(third), String(kept)]).toEqual([[['of batch 0']], [['of batch 2']], 'of batch 2'])
  expect(texts(await pull.receivePacked())).toEqual([['after']])
})

test('[...messages] can be sent on', async () => {
  const [pull, push] = [use(new zmq.Pull({ receiveTimeout: 5000 })), use(new zmq.Push())]
  await pull.bind('inproc://on')
  push.connect('inproc://on')
  await push.sendMany(['a', ['b', 'c'], 'd'])

  await push.sendMany([...(await pull.receivePacked())])

  expect(texts(await pull.receivePacked())).toEqual([['a'], ['b', 'c'], ['d']])
})

test('a sender that waits for room goes on when messages are taken packed', async () => {
  const pull = use(new zmq.Pull({ receiveHighWaterMark: 5, receiveTimeout: 5000 }))
  const push = use(new zmq.Push({ sendHighWaterMark: 5, sendTimeout: 5000 }))
  await pull.bind('inproc://marks')
  push.connect('inproc://marks')
  const sending = (async () => {
    for (let i = 0; i < 500; i++) await push.send(`${i}`)
  })()

  expect((await received(pull, 500)).flat()).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`))
  await sending
})

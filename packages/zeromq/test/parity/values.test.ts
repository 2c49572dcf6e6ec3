import { createRequire } from 'node:module'
import { afterEach, describe, expect, test } from 'vitest'
import * as ours from '../../src/index.ts'

const native = createRequire(import.meta.url)('zeromq') as typeof ours

const sockets: ours.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

/** What a peer receives of a value that is sent, or the error; a message that is sent after it ends the wait. */
async function arrives(zmq: typeof ours, value: unknown): Promise<string[][] | string> {
  const sender = new zmq.Pair({ linger: 0 })
  const receiver = new zmq.Pair({ linger: 0, receiveTimeout: 5_000 })
  sockets.push(sender, receiver)
  await receiver.bind('tcp://127.0.0.1:*')
  sender.connect(receiver.lastEndpoint!)
  try {
    await sender.send(value as string)
  } catch (error) {
    return (error as Error).name
  }
  await sender.send('the end')
  const all: string[][] = []
  for (;;) {
    const frames = (await receiver.receive()).map(frame => frame.toString('latin1'))
    if (frames[0] === 'the end') return all
    all.push(frames)
  }
}

describe('a value is sent as the zeromq package sends it', () => {
  const values: Readonly<Record<string, unknown>> = {
    'a text': 'héllo',
    'a number': 1.5,
    'minus nought': -0,
    'no number': NaN,
    'a bigint': 10n,
    null: null,
    true: true,
    'an object': { a: 1 },
    'an object with a text of its own': { toString: () => 'own' },
    'a symbol': Symbol('s'),
    'a typed array of two octets each': new Uint16Array([0x4142]),
    'a part of a typed array': new Uint8Array([1, 2, 3]).subarray(1),
    'an ArrayBuffer': new Uint8Array([1, 2]).buffer,
    'no frames': [],
    'an empty frame': [''],
    'frames of many kinds': ['a', 1, null, new Uint8Array([2]), new Uint8Array([3]).buffer, undefined],
    'frames with a hole': Array.from({ length: 2 }).fill('x', 1),
    'a sparse array': Object.assign(Array.from<string>({ length: 0 }), { 1: 'b' }),
    'frames within a frame': ['a', ['b', 'c']],
    'no frames within a frame': [[]],
  }
  for (const [title, value] of Object.entries(values)) {
    test(title, async () => {
      expect(await arrives(ours, value)).toEqual(await arrives(native, value))
    })
  }
})

test('octets of a view and of shared memory are sent, which the types of the zeromq package promise', async () => {
  const shared = new SharedArrayBuffer(2)
  new Uint8Array(shared).set([65, 66])

  expect(await arrives(ours, new DataView(shared, 1))).toEqual([['B']])
  expect(await arrives(ours, shared)).toEqual([['AB']])
})

test('subscriptions and other octets may be any Uint8Array, as with the zeromq package', async () => {
  for (const zmq of [ours, native]) {
    const subscriber = new zmq.Subscriber({ linger: 0 })
    const publisher = new zmq.XPublisher({ linger: 0 })
    sockets.push(subscriber, publisher)
    await publisher.bind('tcp://127.0.0.1:*')
    subscriber.connect(publisher.lastEndpoint!)

    subscriber.subscribe(new Uint8Array([65]))

    expect([...(await publisher.receive())[0]!]).toEqual([1, 65])
  }
})

import { expect, test } from 'vitest'
import { FanOut } from '../../src/pipe/fan-out.ts'
import { Frames } from '../../src/pipe/frames.ts'
import { BY_REFERENCE } from '../../src/pipe/part.ts'
import type { Lane } from '../../src/pipe/lane.ts'
import { Mailbox } from '../../src/pipe/mailbox.ts'
import { Pipe } from '../../src/pipe/pipe.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { SlabPool } from '../../src/pipe/slab.ts'

const SILENT = { filled: (): void => {}, full: (): void => {}, room: (): void => {} }

interface Kind {
  readonly mark: number
  readonly conflate?: boolean
  /** To another socket of the context, not to a connection. */
  readonly inproc?: boolean
}

function pipeOf(slabs: SlabPool, options: Kind): Pipe {
  const out = options.inproc === true ? new Mailbox(new Frames(), SILENT, options) : new Queue(slabs, SILENT, options)
  const into = new Queue(slabs, SILENT, { mark: 0 })
  return new Pipe<Lane>({ out, in: into }, { drained: () => {} }, { frames: new Frames(), side: 'bind' })
}

test('pipes with different marks, conflate and readers get what a list of messages for each would give', () => {
  const slabs = new SlabPool()
  const frames = new Frames()
  const fanOut = new FanOut(slabs)
  const kinds: Kind[] = [
    { mark: 0 },
    { mark: 3 },
    { mark: 0, inproc: true },
    { mark: 100 },
    { mark: 5, inproc: true },
    { mark: 0, conflate: true },
    { mark: 0, conflate: true, inproc: true },
  ]
  const peers = kinds.map(kind => ({
    kind,
    pipe: pipeOf(slabs, kind),
    model: [] as string[],
    owed: 0,
    got: [] as string[],
    expected: [] as string[],
  }))
  let seed = 42
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % n
  }

  for (let i = 0; i < 4000; i++) {
    const size = random(50) === 0 ? BY_REFERENCE + random(10) : random(400)
    const message = [String(i), Buffer.alloc(size, i % 251)]
    const matching = peers.filter(() => random(3) > 0)
    fanOut.begin(message)
    for (const { pipe, kind, model, owed } of matching) {
      const taken = fanOut.give(pipe)
      const room = kind.mark === 0 || model.length + owed < kind.mark
      expect(taken).toBe(room)
      if (!room) continue
      if (kind.conflate === true) model.length = 0
      model.push(`${i}:${size}`)
    }
    fanOut.done()
    for (const peer of peers) {
      for (let reads = random(3); reads > 0; reads--) {
        const received = peer.pipe.out.read(frames)
        const wanted = peer.model.shift()
        if (received !== undefined) peer.got.push(`${String(received[0])}:${received[1]!.length}`)
        if (received?.[1] !== undefined)
          expect(received[1].equals(Buffer.alloc(received[1].length, Number(received[0]) % 251))).toBe(true)
        if (wanted === undefined) continue
        peer.expected.push(wanted)
        if (++peer.owed >= (peer.kind.mark + 1) >> 1) peer.owed = 0
      }
    }
  }

  for (const { got, expected } of peers) {
    expect(got.length).toBeGreaterThan(100)
    expect(got).toEqual(expected)
  }
})

test('a message that nobody takes, or sockets of the context alone, uses no memory that is shared', () => {
  const slabs = new SlabPool()
  const fanOut = new FanOut(slabs)
  const reader = pipeOf(slabs, { mark: 0 })
  const neighbour = pipeOf(slabs, { mark: 10, inproc: true })

  for (let i = 0; i < 10_000; i++) {
    fanOut.begin(Buffer.alloc(1000))
    fanOut.give(neighbour)
    fanOut.done()
  }
  fanOut.begin('kept')
  fanOut.give(reader)
  fanOut.done()

  expect(reader.out.peek()).toBe(true)
  expect(reader.out.from).toBe(2)
})

import { expect, test } from 'vitest'
import type { Extent } from '../../src/pipe/extent.ts'
import { FanOut } from '../../src/pipe/fan-out.ts'
import { Frames } from '../../src/pipe/frames.ts'
import type { Lane } from '../../src/pipe/lane.ts'
import { BY_REFERENCE, type Outgoing } from '../../src/pipe/part.ts'
import type { Pipe } from '../../src/pipe/pipe.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { LARGE_SLAB, SlabPool, SMALL_SLAB } from '../../src/pipe/slab.ts'
import { FrameHeader } from '../../src/wire/frame.ts'

const frames = new Frames()

function queueOf(options: { mark?: number; conflate?: boolean } = {}): {
  queue: Queue
  heard: string[]
  slabs: SlabPool
} {
  const heard: string[] = []
  const slabs = new SlabPool()
  const events = {
    filled: () => void heard.push('filled'),
    full: () => void heard.push('full'),
    room: () => void heard.push('room'),
  }
  return { queue: new Queue(slabs, events, { mark: 0, ...options }), heard, slabs }
}

function texts(queue: Queue): string[][] {
  const all: string[][] = []
  for (let message = queue.read(frames); message !== undefined; message = queue.read(frames)) {
    all.push(message.map(String))
  }
  return all
}

test('messages come out whole, in order, with their envelopes before them', () => {
  const { queue } = queueOf()

  queue.write('one')
  queue.write(['a', Buffer.from('b'), ''])
  queue.write(['id', 'body'], [Buffer.from('envelope'), Buffer.alloc(0)], 1)
  queue.write('body', [Buffer.from('to')])

  expect(texts(queue)).toEqual([['one'], ['a', 'b', ''], ['envelope', '', 'body'], ['to', 'body']])
  expect(queue.length).toBe(0)
})

test.each([0, 1, 24, 25, 255, 256, 257, SMALL_SLAB, 16384, BY_REFERENCE - 1, BY_REFERENCE, LARGE_SLAB, 1 << 20])(
  'a frame of %d octets comes out as it went in, between others',
  size => {
    const { queue } = queueOf()
    const body = Buffer.alloc(size, 'x')

    queue.write(['before', body, 'after'])
    queue.write([body, body])

    expect(queue.read(frames)?.map(frame => frame.toString('latin1'))).toEqual([
      'before',
      body.toString('latin1'),
      'after',
    ])
    expect(queue.read(frames)).toEqual([body, body])
    expect(queue.empty).toBe(true)
  },
)

test('text is encoded as UTF-8, short and long', () => {
  const { queue } = queueOf()
  const long = 'ä€😀'.repeat(20_000)

  queue.write('ä€😀')
  queue.write([long, 'z'])

  expect(texts(queue)).toEqual([['ä€😀'], [long, 'z']])
})

test('a small part may be changed once it is written, a received frame belongs to the receiver', () => {
  const { queue } = queueOf()
  const body = Buffer.from('first')
  queue.write(body)
  body.write('other')
  queue.write('second')

  const [frame] = queue.read(frames)!
  frame!.fill(0)

  expect(texts(queue)).toEqual([['second']])
  expect(frame!.length).toBe(5)
})

test('the mark counts whole messages, and a writer hears of room after half of it was read', () => {
  const { queue, heard } = queueOf({ mark: 4 })
  const taken = [1, 2, 3, 4, 5].map(n => queue.write([String(n), 'more']))
  expect(taken).toEqual([true, true, true, true, false])

  queue.read(frames)
  expect(queue.write('too early')).toBe(false)
  expect(heard).not.toContain('room')
  queue.read(frames)

  expect(heard.at(-1)).toBe('room')
  expect(queue.write('in time')).toBe(true)
})

test('what a link takes makes room at once, also from within the last refusal', () => {
  const slabs = new SlabPool()
  let taken = 0
  const queue: Queue = new Queue(
    slabs,
    {
      filled: () => {},
      full: () => {
        const extent = queue.take()
        if (extent === undefined) return
        taken += extent.messages
        extent.release()
      },
      room: () => {},
    },
    { mark: 10 },
  )

  for (let i = 0; i < 100; i++) expect(queue.write('x')).toBe(true)

  expect(taken + queue.length).toBe(100)
})

test.each([
  ['one by one', (queue: Queue, batch: Buffer[]) => batch.every(one => queue.write(one))],
  ['many at once', (queue: Queue, batch: Buffer[]) => queue.writeMany(batch, 0) === batch.length],
])('messages of one size, %s, leave in whole slabs: none is behind, to be written alone', (_, write) => {
  const writes: number[][] = []
  const queue: Queue = new Queue(
    new SlabPool(),
    {
      filled: () => {},
      full: () => {
        const sizes: number[] = []
        for (let extent = queue.take(); extent !== undefined; extent = queue.take()) {
          sizes.push(extent.size)
          extent.release()
        }
        writes.push(sizes)
      },
      room: () => {},
    },
    { mark: 0 },
  )
  const body = Buffer.alloc(1024)

  for (let i = 0; i < 10; i++) expect(write(queue, Array<Buffer>(200).fill(body))).toBe(true)

  const whole = Math.floor(LARGE_SLAB / (body.length + 9)) * (body.length + 9)
  expect(writes.length).toBeGreaterThan(5)
  for (const sizes of writes.slice(1)) expect(sizes.at(-1)).toBe(whole)
})

test('a refused writer is told even when it writes again from within that call', () => {
  const got: Outgoing[] = []
  const queue: Queue = new Queue(
    new SlabPool(),
    {
      filled: () => {},
      full: () => {},
      room: () => {
        if (queue.write('waited')) got.push('waited')
      },
    },
    { mark: 1 },
  )
  queue.write('first')
  queue.write('refused')

  expect(queue.read(frames)?.map(String)).toEqual(['first'])

  expect(got).toEqual(['waited'])
  expect(texts(queue)).toEqual([['waited']])
})

test('the reader is told once when an empty queue fills, and again after it was emptied', () => {
  const { queue, heard } = queueOf()
  queue.write('a')
  queue.write('b')
  texts(queue)
  queue.command(Buffer.from('\u0004PING'))

  expect(heard).toEqual(['filled', 'filled'])
})

test('conflate keeps the newest message alone', () => {
  const { queue } = queueOf({ mark: 1, conflate: true })

  for (let i = 0; i < 100; i++) queue.write(`value ${i}`)

  expect(queue.length).toBe(1)
  expect(texts(queue)).toEqual([['value 99']])
})

test('commands pass a full queue, in order, and do not count', () => {
  const { queue } = queueOf({ mark: 1 })
  queue.write('message')
  queue.command(Buffer.from('\u0009SUBSCRIBEtopic'))

  expect(queue.length).toBe(1)
  queue.read(frames)
  expect(queue.peek()).toBe(true)
  expect(queue.flags).toBe(4)
  expect(queue.bytes.toString('latin1', queue.from, queue.to)).toBe('\u0009SUBSCRIBEtopic')
})

test('many messages come out as they do one by one, whatever their shape, and no more than are asked for', () => {
  const { queue } = queueOf()
  const large = Buffer.alloc(BY_REFERENCE, 'x')
  const messages: Outgoing[] = ['a', '', ['b', 'c'], 'x'.repeat(300), large, ['d', large], [large, 'e'], 'f', 'g']
  for (const message of messages) queue.write(message)
  queue.command(Buffer.from('not for a reader of messages'))
  queue.write('h')

  const first: Buffer[][] = []
  queue.readMany(frames, first, 8)
  const left = queue.length
  const rest: Buffer[][] = []
  queue.readMany(frames, rest, 100)

  const expected = [...messages, 'h'].map(message => (Array.isArray(message) ? message : [message]).map(String))
  expect([...first, ...rest].map(message => message.map(String))).toEqual(expected)
  expect([first.length, left, queue.length, queue.empty]).toEqual([8, 2, 0, true])
})

test('a hundred messages leave no gaps among them, wanted or not, and no more than are asked for', () => {
  const { queue } = queueOf()
  const all = Array.from({ length: 100 }, (_, i) => String(i))
  for (const text of all) queue.write(text)
  const even = { wants: (bytes: Uint8Array, _from: number, to: number) => bytes[to - 1]! % 2 === 0 } // the last digit

  const some: Buffer[][] = [[Buffer.from('there before')]]
  queue.readMany(frames, some, 31, even)
  const rest: Buffer[][] = []
  queue.readMany(frames, rest, 100)

  expect(some.map(String)).toEqual(['there before', ...all.filter((_, i) => i % 2 === 0).slice(0, 30)])
  expect(rest.map(String)).toEqual(all.slice(59))
})

test('the next message that is wanted comes out whole, whatever lies before it', () => {
  const { queue } = queueOf({ mark: 20 })
  const wants = (bytes: Uint8Array, from: number): boolean => bytes[from] === 0x61
  const long = 'x'.repeat(300)
  const held = 'x'.repeat(BY_REFERENCE)
  queue.command(Buffer.from('a command'))
  const parts = ['b', 'a1', ['b', 'more'], `b${long}`, `a${long}`, 'b', ['a2', 'more'], `b${held}`, `a${held}`, 'b', '']
  for (const message of [...parts, [`b${long}`, 'more'], [`a${long}`, 'more'], 'b']) queue.write(message)

  const got: string[] = []
  for (let next = queue.readWanted(frames, { wants }); next !== undefined; next = queue.readWanted(frames, { wants })) {
    got.push(next.join('|'))
  }

  expect(got).toEqual(['a1', `a${long}`, 'a2|more', `a${held}`, `a${long}|more`])
  expect([queue.empty, queue.length]).toEqual([true, 0])
})

test('what is not wanted is dropped from many messages, and its writer hears of room', () => {
  const { queue, heard, slabs } = queueOf({ mark: 6 })
  for (const text of ['a1', 'b1', 'a2', 'b2']) queue.write(text)
  queue.write(['a3', 'more'])
  queue.write(['b3', 'more'])
  expect(queue.write('refused')).toBe(false)
  const into: Buffer[][] = []

  queue.readMany(frames, into, 100, { wants: (bytes, from) => bytes[from] === 0x61 })

  expect(into.map(String)).toEqual(['a1', 'a2', 'a3,more'])
  expect(heard).toContain('room')
  expect([queue.empty, slabs.take(1).uses]).toEqual([true, 1])
})

test('peek shows the first frame without taking it, skip drops the whole message', () => {
  const { queue } = queueOf()
  const large = Buffer.alloc(BY_REFERENCE, 7)
  queue.write(['topic', large, 'end'])
  queue.write([large, 'end'])
  queue.write('last')

  expect(queue.peek()).toBe(true)
  expect(queue.bytes.toString('latin1', queue.from, queue.to)).toBe('topic')
  queue.skip()
  expect(queue.peek()).toBe(true)
  expect(queue.to - queue.from).toBe(large.length)
  queue.skip()

  expect(texts(queue)).toEqual([['last']])
})

test('a closed queue takes nothing and forgets what it had; a sealed one can still be read', () => {
  const { queue } = queueOf()
  queue.write('a')
  queue.seal()
  expect(queue.write('b')).toBe(false)
  expect(texts(queue)).toEqual([['a']])

  const { queue: other } = queueOf()
  other.write(['a', Buffer.alloc(BY_REFERENCE)])
  expect(other.close()).toBe(1)
  expect(other.empty).toBe(true)
})

test('slabs come back to the pool when everything was read or taken', () => {
  const { queue, slabs } = queueOf()
  const first = slabs.take(LARGE_SLAB)
  first.release()
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 500; i++) queue.write(Buffer.alloc(1000))
    for (let extent = queue.take(); extent !== undefined; extent = queue.take()) extent.release()
  }

  const again = Array.from({ length: 8 }, () => slabs.take(LARGE_SLAB))

  expect(again).toContain(first)
  expect(first.uses).toBe(1)
})

test.each([
  ['large and small', ['begin', Buffer.alloc(BY_REFERENCE), 'middle', Buffer.alloc(BY_REFERENCE), 'end']],
  ['large', [Buffer.alloc(BY_REFERENCE), Buffer.alloc(BY_REFERENCE), Buffer.alloc(BY_REFERENCE)]],
  ['many small', Array.from({ length: 300 }, () => Buffer.alloc(4000))],
])('what was taken of a message with %s parts when the connection ended takes the rest along', (_, parts) => {
  for (let taken = 1; ; taken++) {
    const { queue } = queueOf()
    queue.write('first')
    queue.write(parts)
    queue.write(['second', 'whole'])
    queue.write('third')
    for (let i = 0; i < taken; i++) queue.take()?.release()
    const left = queue.length

    queue.dropTorn()

    const rest = texts(queue)
    expect(rest.map(message => message[0])).toEqual(['second', 'third'].slice(-rest.length || 2))
    expect(rest.every(message => message.length === (message[0] === 'second' ? 2 : 1))).toBe(true)
    expect(left - rest.length).toBeLessThanOrEqual(1)
    expect(queue.length).toBe(0)
    expect(queue.empty).toBe(true)
    if (left === 0) return
  }
})

test('a connection that ended between messages takes nothing along', () => {
  const { queue } = queueOf()
  queue.write(['a', Buffer.alloc(BY_REFERENCE)])
  queue.write(['b', Buffer.alloc(BY_REFERENCE)])
  queue.take()?.release()

  queue.dropTorn()

  expect(texts(queue).map(([first]) => first)).toEqual(['b'])
})

test('conflate keeps a message whole that comes in several pieces', () => {
  const { queue, slabs } = queueOf({ conflate: true })
  const fanOut = new FanOut(slabs)
  const pipe = { out: queue as Lane } as Pipe

  for (const name of ['old', 'new']) {
    fanOut.begin([name, Buffer.alloc(BY_REFERENCE), 'middle', Buffer.alloc(BY_REFERENCE), 'end'])
    fanOut.give(pipe)
    fanOut.done()
  }

  expect(queue.length).toBe(1)
  expect(texts(queue).map(message => message.map(part => part.slice(0, 6)))).toEqual([
    ['new', '\0'.repeat(6), 'middle', '\0'.repeat(6), 'end'],
  ])
})

test.each([
  ['large', ['old', Buffer.alloc(BY_REFERENCE), 'middle', Buffer.alloc(BY_REFERENCE), 'end']],
  ['many small', ['old', ...Array.from({ length: 100 }, () => Buffer.alloc(4000)), 'end']],
])('what is left of a message of %s parts that was taken in part goes before the newest', (_, parts) => {
  const { queue } = queueOf({ conflate: true })
  queue.write(parts)
  const taken = queue.take()!
  let whole = 0
  for (let at = taken.start; at < taken.end; at = recordEnd(taken, at)) whole++

  for (let i = 0; i < 5; i++) queue.write([`new ${i}`, Buffer.alloc(BY_REFERENCE), 'last'])

  const [rest, newest, ...more] = texts(queue)
  expect(rest?.length).toBe(parts.length - whole)
  expect(rest?.at(-1)).toBe('end')
  expect([newest?.[0], newest?.[2], more]).toEqual(['new 4', 'last', []])
  expect(queue.length).toBe(0)
  expect(queue.empty).toBe(true)
  taken.release()
})

test('a connection that ended takes no part of a message that came after it was emptied', () => {
  const { queue } = queueOf()
  queue.write(['old', Buffer.alloc(BY_REFERENCE), 'end'])
  queue.take()?.release()
  queue.clear()
  queue.write('new')

  queue.dropTorn()

  expect(texts(queue)).toEqual([['new']])
})

function recordEnd({ slab, end }: Extent, at: number): number {
  const header = new FrameHeader()
  header.read(slab.bytes, at, end)
  return Math.min(at + header.length + header.size, end)
}

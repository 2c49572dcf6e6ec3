import { expect, test } from 'vitest'
import { Bodies } from '../../src/pipe/bodies.ts'
import type { Filter } from '../../src/pipe/filter.ts'
import { Frames } from '../../src/pipe/frames.ts'
import type { Lane } from '../../src/pipe/lane.ts'
import { Mailbox } from '../../src/pipe/mailbox.ts'
import type { PackedMessages } from '../../src/pipe/packed-messages.ts'
import { Packing } from '../../src/pipe/packing.ts'
import { BY_REFERENCE, type Outgoing } from '../../src/pipe/part.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { LARGE_SLAB, SlabPool } from '../../src/pipe/slab.ts'

const frames = new Frames()
const bodies = new Bodies()
const quiet = { filled: () => {}, full: () => {}, room: () => {} }
const lanes: readonly [string, (mark: number, room?: () => void) => Lane][] = [
  ['a queue', (mark, room = () => {}) => new Queue(new SlabPool(), { ...quiet, room }, { mark })],
  ['a mailbox', (mark, room = () => {}) => new Mailbox(frames, { ...quiet, room }, { mark })],
]

function packed(lane: Lane, max: number = 1000, filter?: Filter): PackedMessages {
  const packing = new Packing()
  lane.readPacked(packing, max, filter)
  return packing.finish(bodies)
}

function texts(messages: PackedMessages): string[][] {
  return [...messages].map(message => message.map(frame => frame.toString('latin1')))
}

/** A message as `texts` has it. */
function said(message: Outgoing): string[] {
  const parts: readonly (Uint8Array | string)[] =
    typeof message === 'string' || message instanceof Uint8Array ? [message] : message
  return parts.map(part => Buffer.from(part as Uint8Array).toString('latin1'))
}

const large = Buffer.alloc(BY_REFERENCE, 'x')
const shapes: readonly Outgoing[] = [
  'a',
  '',
  ['b', 'c'],
  ['', '', ''],
  'x'.repeat(255),
  'x'.repeat(256),
  large,
  ['d', large],
  [large, 'e'],
  [large, large, 'f'],
  'g',
]

test.each(lanes)('%s gives messages of every shape packed, in order', (_, open) => {
  const lane = open(0)
  for (const message of shapes) lane.write(message)

  const messages = packed(lane)

  expect(texts(messages)).toEqual(shapes.map(said))
  expect(messages.length).toBe(shapes.length)
  expect([lane.length, lane.empty]).toEqual([0, true])
  for (const [index, shape] of shapes.entries()) {
    const expected = said(shape)
    expect(messages.frames(index)).toBe(expected.length)
    for (const [at, frame] of expected.entries()) {
      expect(messages.frame(index, at).toString('latin1')).toBe(frame)
      expect(messages.bytes.toString('latin1', messages.start(index, at), messages.end(index, at))).toBe(frame)
    }
  }
})

test.each(lanes)('%s gives no more messages than are asked for, and the others after that in any way', (_, open) => {
  const lane = open(0)
  for (const message of shapes) lane.write(message)

  const first = texts(packed(lane, 3))
  const one = lane.read(frames)!.map(String)
  const second = texts(packed(lane, 4))
  const many: Buffer[][] = []
  lane.readMany(frames, many, 1)
  const rest = texts(packed(lane))

  expect([first.length, second.length]).toEqual([3, 4])
  expect([...first, one, ...second, ...many.map(message => message.map(String)), ...rest]).toEqual(shapes.map(said))
})

test.each(lanes)('%s leaves out commands and what a filter does not want, whole', (_, open) => {
  const lane = open(0)
  const wanted: Filter = { wants: (bytes, from, to) => to > from && bytes[from] === 0x79 }
  const no = ['no', ['n', 'y'], large, ['n', large, 'y'], '']
  const yes = ['y', ['y', 'n'], ['y', large], 'y'.repeat(300), Buffer.alloc(BY_REFERENCE, 'y'), ['y', large, 'n']]
  for (const [index, message] of yes.entries()) {
    lane.command(Buffer.from('\u0001x'))
    lane.write(no[index % no.length]!)
    lane.write(message)
    lane.write(no[(index + 1) % no.length]!)
  }

  expect(texts(packed(lane, 4, wanted))).toEqual(yes.slice(0, 4).map(said))
  expect(texts(packed(lane, 100, wanted))).toEqual(yes.slice(4).map(said))
  expect([lane.length, lane.empty]).toEqual([0, true])
  expect(packed(lane).length).toBe(0)
})

test.each(lanes)('%s begins no message after 256 KiB, and ends those that it has begun', (_, open) => {
  const lane = open(0)
  const body = Buffer.alloc(10_000, 'x')
  for (let i = 0; i < 40; i++) lane.write([body, String(i)])
  lane.write(Buffer.alloc(1 << 20, 'z'))
  lane.write('last')

  const sizes: number[] = []
  const ends: string[] = []
  for (let some = packed(lane); some.length > 0; some = packed(lane)) {
    sizes.push(some.length)
    for (const message of some) ends.push(message.at(-1)!.toString('latin1', 0, 4))
  }

  expect(sizes).toEqual([27, 14, 1])
  expect(ends).toEqual([...Array.from({ length: 40 }, (_, i) => String(i)), 'zzzz', 'last'])
})

test.each(lanes)('%s counts packed messages as read, so that whoever was refused hears of room', (_, open) => {
  let rooms = 0
  const lane = open(10, () => rooms++)
  while (lane.write('x'));
  expect([lane.length, rooms]).toEqual([10, 0])

  packed(lane, 2)
  expect(rooms, 'credit comes in steps of half the mark').toBe(0)
  packed(lane, 8)

  expect(rooms).toBe(1)
  expect(lane.write('y')).toBe(true)
})

test('what was packed belongs to its receiver: later messages do not change it', () => {
  const queue = new Queue(new SlabPool(), quiet, { mark: 0 })
  for (let i = 0; i < 100; i++) queue.write(`before ${i}`)

  const messages = packed(queue)
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < LARGE_SLAB / 50; i++) queue.write('after '.repeat(8))
    while (queue.read(frames) !== undefined);
  }

  expect(texts(messages)).toEqual(Array.from({ length: 100 }, (_, i) => [`before ${i}`]))
})

test('an index beyond what there is is a RangeError', () => {
  const queue = new Queue(new SlabPool(), quiet, { mark: 0 })
  queue.write(['a', 'b'])
  const messages = packed(queue)

  for (const index of [-1, 1, 0.5, Number.NaN]) {
    expect(() => messages.message(index), String(index)).toThrow(RangeError)
    expect(() => messages.frame(index), String(index)).toThrow(RangeError)
    expect(() => messages.frames(index), String(index)).toThrow(RangeError)
  }
  for (const frame of [-1, 2, 0.5, Number.NaN])
    for (const ask of ['start', 'end', 'frame'] as const)
      expect(() => messages[ask](0, frame), String(frame)).toThrow(RangeError)
})

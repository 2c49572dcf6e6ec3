// What holds for both kinds of lane: the queue towards a connection, and the mailbox towards another socket.
import { describe, expect, test } from 'vitest'
import { Frames } from '../../src/pipe/frames.ts'
import type { Lane } from '../../src/pipe/lane.ts'
import { Mailbox } from '../../src/pipe/mailbox.ts'
import { BY_REFERENCE } from '../../src/pipe/part.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { SlabPool } from '../../src/pipe/slab.ts'
import { COMMAND } from '../../src/wire/frame.ts'
import { random as randomOf } from '../libzmq/random.ts'

const frames = new Frames()

type Make = (options?: { mark?: number; conflate?: boolean }) => { lane: Lane; heard: string[] }

function heardBy(heard: string[]): { filled(): void; full(): void; room(): void } {
  return {
    filled: () => void heard.push('filled'),
    full: () => {},
    room: () => void heard.push('room'),
  }
}

const kinds: readonly (readonly [string, Make])[] = [
  [
    'Queue',
    (options = {}) => {
      const heard: string[] = []
      return { lane: new Queue(new SlabPool(), heardBy(heard), { mark: 0, ...options }), heard }
    },
  ],
  [
    'Mailbox',
    (options = {}) => {
      const heard: string[] = []
      return { lane: new Mailbox(frames, heardBy(heard), { mark: 0, ...options }), heard }
    },
  ],
]

function next(lane: Lane): string[] | undefined {
  return lane.read(frames)?.map(frame => frame.toString('latin1'))
}

function all(lane: Lane): string[][] {
  const seen: string[][] = []
  for (let message = next(lane); message !== undefined; message = next(lane)) seen.push(message)
  return seen
}

const from = (first: string): { wants(bytes: Uint8Array, from: number, to: number): boolean } => ({
  wants: (bytes, start, end) => end > start && bytes[start] === first.charCodeAt(0),
})

describe.each(kinds)('a %s', (_, make) => {
  test('gives messages whole and in order, with what goes before them', () => {
    const { lane } = make()

    lane.write('one')
    lane.write(['a', Buffer.from('b'), ''])
    lane.write(['id', 'body'], [Buffer.from('envelope'), Buffer.alloc(0)], 1)
    lane.write('body', [Buffer.from('to')])
    lane.write(['only'])
    lane.write('led')

    expect(lane.length).toBe(6)
    expect([next(lane), next(lane), next(lane), next(lane), next(lane)]).toEqual([
      ['one'],
      ['a', 'b', ''],
      ['envelope', '', 'body'],
      ['to', 'body'],
      ['only'],
    ])
    expect(lane.read(frames, Buffer.from('lead'))?.map(String)).toEqual(['lead', 'led'])
    expect([lane.length, lane.empty, next(lane)]).toEqual([0, true, undefined])
  })

  test.each([0, 1, 24, 63, 64, 65, 160, 161, 255, 256, 257, 4096, 4097, BY_REFERENCE - 1])(
    'gives %d octets as a frame of its own, whatever becomes of what was sent',
    size => {
      const { lane } = make()
      const octets = Buffer.from(Array.from({ length: size }, (__, i) => i % 251))
      const sent = Buffer.from(octets)

      lane.write(sent)
      lane.write([new Uint8Array(sent), sent.toString('latin1')])
      sent.fill(0xff)
      const [one] = lane.read(frames)!
      const [two, text] = lane.read(frames)!

      expect(one).toEqual(octets)
      expect(two).toEqual(octets)
      expect(text?.toString()).toBe(octets.toString('latin1'))
      for (const frame of [one, two, text]) {
        expect(Object.getPrototypeOf(frame)).toBe(Buffer.prototype)
        expect(frame!.byteOffset % 8).toBe(0)
      }
      one?.fill(1)
      expect(two).toEqual(octets)
    },
  )

  test('does not copy what is large', () => {
    const { lane } = make()
    const sent = new Uint8Array(BY_REFERENCE).fill(7)

    lane.write(['small', sent])
    const [, frame] = lane.read(frames)!

    expect(Buffer.isBuffer(frame)).toBe(true)
    expect(frame?.buffer).toBe(sent.buffer)
  })

  test('refuses above the mark, and credits what is read in steps of half of it', () => {
    const { lane, heard } = make({ mark: 4 })
    const taken = Array.from({ length: 6 }, (__, i) => lane.write(String(i)))

    expect(taken).toEqual([true, true, true, true, false, false])
    next(lane)
    expect([lane.room(), heard]).toEqual([false, ['filled']])
    next(lane)
    expect([lane.room(), heard]).toEqual([true, ['filled', 'room']])
    lane.mark = 0
    for (let i = 0; i < 100; i++) expect(lane.write('more')).toBe(true)
    expect(lane.length).toBe(102)
  })

  test('tells its reader once that there is something, until it has been emptied', () => {
    const { lane, heard } = make()

    lane.write('a')
    lane.command(Buffer.from('b'))
    all(lane)
    lane.write('c')

    expect(heard).toEqual(['filled', 'filled'])
  })

  test('keeps the newest alone where it conflates', () => {
    const { lane } = make({ conflate: true, mark: 1 })

    for (let i = 0; i < 100; i++) lane.write([`${i}`, 'more'])

    expect(all(lane)).toEqual([['99', 'more']])
  })

  test('has commands among the messages, outside the mark', () => {
    const { lane } = make({ mark: 1 })
    lane.command(Buffer.from('first'))
    lane.write('message')
    lane.command(Buffer.from('last'))
    const seen: [string, boolean][] = []

    expect(lane.length).toBe(1)
    while (lane.peek()) {
      const head = lane.bytes.toString('latin1', lane.from, lane.to)
      const command = (lane.flags & COMMAND) !== 0
      expect(next(lane)).toEqual([head])
      expect((lane.flags & COMMAND) !== 0).toBe(command)
      seen.push([head, command])
    }

    expect(seen).toEqual([
      ['first', true],
      ['message', false],
      ['last', true],
    ])
  })

  test('takes many messages up to the first that is not one frame of octets, and up to the mark', () => {
    const { lane, heard } = make({ mark: 5 })
    const octets = ['a', '', 'x'.repeat(300), 'b'].map(text => Buffer.from(text))
    const large = Buffer.alloc(BY_REFERENCE, 'y')

    expect(lane.writeMany([...octets, 'text', ...octets], 1)).toBe(3)
    expect(lane.writeMany(['text'], 0)).toBe(0)
    expect(lane.writeMany([[octets[0]]], 0)).toBe(0)
    expect(lane.writeMany(octets, 4)).toBe(0)
    expect(lane.writeMany(octets, 0), 'of five there is room for two').toBe(2)
    expect(lane.writeMany(octets, 2)).toBe(0)
    expect(lane.room()).toBe(false)

    const seen = Array.from({ length: 5 }, () => next(lane)?.[0])
    expect(seen).toEqual(['', 'x'.repeat(300), 'b', 'a', ''])
    expect(heard.filter(what => what === 'filled')).toEqual(['filled'])
    // Large ones are not copied: the queue leaves them to `write`.
    expect(lane.writeMany([octets[0], large], 0)).toBeGreaterThanOrEqual(1)
  })

  test('of many messages a lane that conflates keeps the newest', () => {
    const { lane } = make({ conflate: true })
    const messages = ['a', 'b', 'c'].map(text => Buffer.from(text))

    for (let sent = 0; sent < messages.length;) {
      const some = lane.writeMany(messages, sent)
      if (some === 0) lane.write(messages[sent]!)
      sent += Math.max(1, some)
    }

    expect([lane.length, next(lane)]).toEqual([1, ['c']])
  })

  test('drops what is skipped, what is not wanted, and commands where messages are asked for', () => {
    const { lane } = make()
    for (const text of ['skipped', 'b', 'a1', 'b', 'a2', 'a3', 'b']) {
      lane.write([text, 'more'])
      lane.command(Buffer.from('a'))
    }

    lane.skip()
    const one = lane.readWanted(frames, from('a'))
    const rest: Buffer[][] = [[]]
    lane.readMany(frames, rest, 2, from('a'))

    expect(one?.map(String)).toEqual(['a1', 'more'])
    expect(rest.map(String)).toEqual(['', 'a2,more'])
    expect(lane.readWanted(frames, from('x'))).toBe(undefined)
    expect([lane.length, lane.empty]).toEqual([0, true])
  })

  test('takes nothing more once it is sealed, unless it is made to, and nothing is left of it when it is closed', () => {
    const { lane } = make()
    lane.write('kept')

    lane.seal()
    expect([lane.write('refused'), lane.room()]).toEqual([false, false])
    lane.command(Buffer.from('refused'))
    lane.inject(['injected'])
    expect(all(lane)).toEqual([['kept'], ['injected']])

    lane.inject('x')
    expect([lane.close(), lane.length, lane.empty]).toEqual([1, 0, true])
  })

  test('a writer that was refused may write again when everything is dropped', () => {
    const { lane, heard } = make({ mark: 2 })
    lane.write('a')
    lane.write('b')
    lane.write('c')

    lane.conflate = true
    lane.write('d')

    expect(heard).toContain('room')
    expect(all(lane)).toEqual([['d']])
  })

  test('does what a list of messages would do', () => {
    const random = randomOf(7)
    const { lane } = make()
    let model: string[][] = []
    let made = 0
    for (let step = 0; step < 20_000; step++) {
      const parts = Array.from({ length: 1 + random(3) }, () => `${made++}`.padEnd(random(300), 'x'))
      const what = random(8)
      if (what < 4) {
        lane.write(parts)
        model.push([...parts])
      } else if (what < 6) {
        expect(next(lane)).toEqual(model.shift())
      } else if (what === 6) {
        lane.skip()
        model.shift()
      } else {
        const into: Buffer[][] = []
        lane.readMany(frames, into, random(200))
        expect(into.map(message => message.map(String))).toEqual(model.slice(0, into.length))
        model = model.slice(into.length)
      }
      expect(lane.length).toBe(model.length)
    }
  })
})

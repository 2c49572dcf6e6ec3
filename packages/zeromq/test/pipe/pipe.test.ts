import { expect, test } from 'vitest'
import { Frames } from '../../src/pipe/frames.ts'
import { BY_REFERENCE } from '../../src/pipe/part.ts'
import { Pipe } from '../../src/pipe/pipe.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { SlabPool } from '../../src/pipe/slab.ts'

const frames = new Frames()

/** A pipe, and the other end of it. */
function pair(mark = 0): { near: Pipe; far: Pipe } {
  const slabs = new SlabPool()
  const silent = { filled: () => {}, full: () => {}, room: () => {} }
  const [there, back] = [new Queue(slabs, silent, { mark }), new Queue(slabs, silent, { mark })]
  const carrier = { drained: () => {} }
  return {
    near: new Pipe({ out: there, in: back }, carrier, { frames, side: 'connect' }),
    far: new Pipe({ out: back, in: there }, carrier, { frames, side: 'bind' }),
  }
}

function arrived(pipe: Pipe): string[] {
  const seen: string[] = []
  for (let next = pipe.next(); next !== undefined; next = pipe.next()) {
    const message = pipe.read()?.map(frame => (frame.length < 100 ? frame.toString() : String(frame.length)))
    seen.push(`${next === 'message' ? '' : `${next} `}${message?.join('|')}`)
  }
  return seen
}

test('requests and messages come in the order in which they were given, linked or not', () => {
  const { near, far } = pair()

  near.request('subscribe', Buffer.from('a'))
  near.write(['one', 'more'])
  near.request('cancel', Buffer.from('a'))
  near.write('two')

  expect(arrived(far)).toEqual(['subscribe a', 'one|more', 'cancel a', 'two'])
})

test('requests are taken back: the new ones stand before the messages that wait, whatever the mark', () => {
  const { near, far } = pair(2)
  near.request('subscribe', Buffer.from('a'))
  near.write(['one', Buffer.alloc(BY_REFERENCE), 'end'])
  near.request('cancel', Buffer.from('a'))
  near.write('two')

  expect(near.renew([Buffer.from('b'), Buffer.from('c')])).toBe(true)
  expect(near.writable).toBe(false)

  expect(arrived(far)).toEqual(['subscribe b', 'subscribe c', `one|${BY_REFERENCE}|end`, 'two'])
  expect(near.out.length).toBe(0)
})

test('where no message waits nothing is asked for anew', () => {
  const { near, far } = pair()
  near.request('subscribe', Buffer.from('a'))

  expect(near.renew([Buffer.from('b')])).toBe(false)

  expect(arrived(far)).toEqual([])
})

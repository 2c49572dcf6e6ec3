import { markAsUntransferable, MessageChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Frames } from '../../src/pipe/frames.ts'
import { Slab } from '../../src/pipe/slab.ts'

test.each(['long', 'short'] as const)(
  'every frame is a copy that any typed array can be laid over, by %s words',
  words => {
    const frames = new Frames(undefined, undefined, { words })
    const source = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251))
    const made: Buffer[] = []

    for (const size of [1, 3, 8, 16, 17, 159, 160, 161, 256, 257, 383, 384, 385, 2048, 4096, 4104, 65_536])
      made.push(frames.copy(new Slab(source), 3, 3 + size))
    source.fill(255)

    for (const frame of made) {
      expect(frame.every((octet, i) => octet === (i + 3) % 251)).toBe(true)
      expect(frame.byteOffset % 8).toBe(0)
      expect(Object.getPrototypeOf(frame)).toBe(Buffer.prototype)
      if (frame.length % 8 === 0)
        expect(new Float64Array(frame.buffer, frame.byteOffset, frame.length / 8).length).toBe(frame.length / 8)
    }
  },
)

test('a large frame has its memory for itself', () => {
  const frame = new Frames().copy(new Slab(Buffer.alloc(10_000)), 0, 10_000)

  expect([frame.byteOffset, frame.buffer.byteLength]).toEqual([0, 10_000])
})

test('a small frame cannot be taken away from those beside it', () => {
  const frames = new Frames(page => markAsUntransferable(page))
  const [one, other] = [
    frames.copy(new Slab(Buffer.from('one')), 0, 3),
    frames.copy(new Slab(Buffer.from('other')), 0, 5),
  ]
  const { port1, port2 } = new MessageChannel()

  expect(() => port1.postMessage(one, [one.buffer as ArrayBuffer])).toThrow()
  port1.close()
  port2.close()

  expect(other.toString()).toBe('other')
})

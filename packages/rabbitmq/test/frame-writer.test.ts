import { EventEmitter } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import type { Channel } from 'amqplib'
import { expect, test, vi } from 'vitest'
import { FrameWriter } from '../src/frame-writer.ts'

/** What of a channel the writer passes by: the client's stream for it, and the connection's socket. */
class FakeChannel extends EventEmitter {
  readonly ch = 1
  readonly written: Buffer[] = []
  readonly slow: (() => void)[] = []
  held = false
  readonly buffer = new PassThrough({ objectMode: true })
  readonly connection = {
    frameMax: 131_072,
    sentSinceLastCheck: false,
    channels: [null, { channel: this as unknown, buffer: this.buffer }] as unknown[],
    stream: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.written.push(chunk)
        if (this.held) this.slow.push(done)
        else done()
      },
    }),
  }

  /** The payloads and acknowledged tags, write by write. */
  get told(): string[] {
    return this.written.map(chunk => {
      const frames: string[] = []
      for (let at = 0; at < chunk.length;) {
        const size = chunk.readUInt32BE(at + 3)
        if (chunk[at] === 3) frames.push(chunk.toString('latin1', at + 7, at + 7 + Math.min(size, 3)))
        if (chunk[at] === 1 && chunk.readUInt16BE(at + 9) === 80) frames.push(`ack ${chunk.readBigUInt64BE(at + 11)}`)
        at += size + 8
      }
      return frames.join(' ')
    })
  }
}

const made = () => {
  const channel = new FakeChannel()
  return { channel, writer: new FrameWriter(channel as unknown as Channel) }
}
const fields = (payload: string | Buffer) => ({
  exchange: 'e',
  key: 'k',
  mandatory: true,
  headers: { id: 'one' },
  payload: Buffer.from(payload),
})
const tick = () => new Promise<void>(resolve => process.nextTick(resolve))
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test('what is soon due leaves when the code has returned, in one piece, and counts as a heartbeat', async () => {
  const { channel, writer } = made()

  writer.publish(fields('a'))
  writer.due('soon')
  writer.publish(fields('b'))
  writer.due('turn')
  expect(channel.told).toEqual([])
  await tick()

  expect(channel.told).toEqual(['a b'])
  expect(channel.connection.sentSinceLastCheck).toBe(true)
})

test("what is due with the turn leaves at the event loop's next one, or with what is due sooner", async () => {
  const { channel, writer } = made()

  writer.publish(fields('a'))
  writer.due('turn')
  await tick()
  expect(channel.told).toEqual([])
  await turn()
  expect(channel.told).toEqual(['a'])
  writer.publish(fields('b'))
  writer.due('turn')
  writer.acknowledge(7, false)
  writer.due('soon')
  await tick()

  expect(channel.told).toEqual(['a', 'b ack 7'])
})

test('much leaves at once, in order, slab after slab', () => {
  const { channel, writer } = made()
  const all = Array.from({ length: 400 }, (_, i) => String(100 + i))

  for (const one of all) {
    expect(writer.publish(fields(one + 'x'.repeat((Number(one) * 37) % 8000)))).toBe(true)
    writer.due('turn')
  }
  const early = channel.written.length
  writer.flush()

  expect(early).toBeGreaterThan(50)
  expect(channel.told.join(' ').split(' ')).toEqual(all)
})

test('nothing is written here while the client has something to write on that channel', async () => {
  const { channel, writer } = made()
  writer.publish(fields('a'))

  channel.buffer.write(Buffer.from('a frame of its own'))
  expect(writer.clear).toBe(false)
  expect(writer.publish(fields('b'))).toBe(false)
  expect(writer.acknowledge(1, false)).toBe(false)
  expect(channel.told).toEqual(['a'])
  channel.buffer.read()
  await turn()

  expect(writer.clear).toBe(true)
  expect(writer.acknowledge(2, true)).toBe(true)
  writer.flush()
  expect(channel.told).toEqual(['a', 'ack 2'])
})

test('a large message is for the client to write, after what was written before it', () => {
  const { channel, writer } = made()
  channel.connection.frameMax = 4096

  const small = new FrameWriter(channel as unknown as Channel)

  writer.publish(fields('a'))
  expect(writer.publish(fields(Buffer.alloc(8193)))).toBe(false)
  expect(channel.told).toEqual(['a'])
  expect(small.publish(fields(Buffer.alloc(4089)))).toBe(false)
  expect(small.publish(fields(Buffer.alloc(4088)))).toBe(true)
  expect(small.publish({ ...fields('b'), headers: { a: 'x'.repeat(70_000) } })).toBe(false)
})

test.each([
  ['closed', (channel: FakeChannel) => (channel.connection.channels[1] = null)],
  [
    'taken by another',
    (channel: FakeChannel) => (channel.connection.channels[1] = { channel: {}, buffer: channel.buffer }),
  ],
  ['closing', (channel: FakeChannel) => Object.assign(channel, { sendImmediately: () => undefined })],
])('nothing is written on a channel that is %s', async (_, end) => {
  const { channel, writer } = made()
  writer.publish(fields('a'))
  writer.due('soon')

  end(channel)
  await tick()

  expect(channel.told).toEqual([])
  expect(writer.clear).toBe(false)
  expect(writer.publish(fields('b'))).toBe(false)
})

test('whatever a client of another make has instead, it is left to write all itself', () => {
  const writer = new FrameWriter(new EventEmitter() as Channel)

  expect(writer.publish(fields('a'))).toBe(false)
  expect(writer.acknowledge(1, false)).toBe(false)
  expect(writer.full).toBe(false)
})

test('it is full while the connection keeps more than 1 MiB to itself, and tells when that is written', async () => {
  const { channel, writer } = made()
  channel.held = true
  const drained = vi.fn<() => void>()

  for (let i = 0; i < 128; i++) {
    writer.publish(fields(Buffer.alloc(8192)))
    writer.flush()
  }
  expect(writer.full).toBe(true)
  writer.onceDrained(drained)
  while (channel.slow.length > 0) {
    channel.slow.shift()?.()
    await turn()
  }

  expect(writer.full).toBe(false)
  expect(drained).toHaveBeenCalledOnce()
})

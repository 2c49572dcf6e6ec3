import { expect, test } from 'vitest'
import { Engine, type EngineEvents } from '../../src/engine/engine.ts'
import type { Limits } from '../../src/engine/scanner.ts'
import type { HandshakeFailure } from '../../src/mechanism/mechanism.ts'
import { NullMechanism } from '../../src/mechanism/null.ts'
import { Frames } from '../../src/pipe/frames.ts'
import { BY_REFERENCE } from '../../src/pipe/part.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { SlabPool } from '../../src/pipe/slab.ts'
import type { SocketType } from '../../src/wire/socket-type.ts'

const frames = new Frames()
const SILENT = { filled: (): void => {}, full: (): void => {}, room: (): void => {} }

class Side {
  readonly engine: Engine
  readonly in: Queue
  readonly out: Queue
  readonly failures: { failure: HandshakeFailure; during: string }[] = []
  readonly protocols: string[] = []
  readonly lives: number[] = []

  constructor(socketType: SocketType, options: { mark?: number; limits?: Partial<Limits>; commands?: boolean } = {}) {
    const slabs = new SlabPool()
    this.in = new Queue(slabs, SILENT, { mark: options.mark ?? 0 })
    this.out = new Queue(slabs, SILENT, { mark: 0 })
    const own = { socketType, routingId: new Uint8Array(0) }
    const events: EngineEvents = {
      output: () => {},
      resumed: () => {},
      authenticate: () => {},
      ready: (_peer, protocol) => {
        this.protocols.push(protocol)
        this.engine.open(this, options.commands ?? false)
      },
      timeToLive: ms => void this.lives.push(ms),
      failed: (failure, during) => void this.failures.push({ failure, during }),
    }
    this.engine = new Engine(
      {
        handshake: {
          ...own,
          mechanism: 'NULL',
          asServer: false,
          downgrade: true,
          createMechanism: () => new NullMechanism(own),
        },
        chunk: 8192,
        limits: { frame: 2 ** 32, parts: 1000, message: 2 ** 30, command: 65_536, ...options.limits },
        slabs,
        scratch: new Uint8Array(65_536),
      },
      events,
    )
  }

  /** Everything that it has to write. */
  written(): Buffer {
    const chunks: Uint8Array[] = []
    while (!this.engine.outlet.empty) this.engine.outlet.take(chunks)
    const all = Buffer.concat(chunks)
    this.engine.outlet.written()
    return all
  }

  received(): string[][] {
    const all: string[][] = []
    for (let m = this.in.read(frames); m !== undefined; m = this.in.read(frames))
      all.push(m.map(f => f.toString('latin1')))
    return all
  }

  /** Reads as a link does: into the space that the engine offers, at most `step` octets at a time. */
  read(octets: Buffer, step: number): void {
    for (let at = 0; at < octets.length;) {
      const space = this.engine.space()
      const size = octets.copy(space, 0, at, Math.min(at + step, octets.length))
      at += size
      let more = this.engine.filled(size)
      while (!more && this.failures.length === 0) {
        this.kept.push(...this.received())
        more = this.engine.resume()
      }
      if (this.failures.length > 0) return
    }
  }

  /** Reads as Node's sockets do: the space for the next read is asked for before what is parked is read. */
  readAhead(octets: Buffer, step: number): void {
    let space = this.engine.space()
    for (let at = 0; at < octets.length;) {
      const size = octets.copy(space, 0, at, Math.min(at + step, octets.length))
      at += size
      let more = this.engine.filled(size)
      space = this.engine.space()
      while (!more) {
        this.kept.push(...this.received())
        more = this.engine.resume()
      }
    }
  }

  readonly kept: string[][] = []
}

function shake(a: Side, b: Side, step = 1 << 20): void {
  for (let round = 0; round < 6; round++) {
    b.read(a.written(), step)
    a.read(b.written(), step)
  }
}

const MESSAGES = [
  ['hello'],
  ['', 'two', ''],
  ['x'.repeat(255)],
  ['y'.repeat(256), 'z'],
  ['L'.repeat(BY_REFERENCE), 'tail'],
  ['head', 'M'.repeat(BY_REFERENCE * 3 + 1)],
  ['end'],
]

test.each([1, 2, 3, 7, 64, 1000, 16_384, 65_536, 1 << 20])(
  'two engines understand each other, read %d octets at a time',
  step => {
    const [push, pull] = [new Side('PUSH'), new Side('PULL')]
    shake(push, pull, step)
    expect([push.protocols, pull.protocols]).toEqual([['3.1'], ['3.1']])

    for (const message of MESSAGES) push.out.write(message)
    pull.read(push.written(), step)

    expect([...pull.kept, ...pull.received()]).toEqual(MESSAGES)
  },
)

test.each([1, 5, 300, 70_000])('octets that are pushed %d at a time arrive like those that are read', step => {
  const [push, pull] = [new Side('PUSH'), new Side('PULL')]
  shake(push, pull)
  for (const message of MESSAGES) push.out.write(message)
  const octets = push.written()

  for (let at = 0; at < octets.length; at += step) pull.engine.push(octets.subarray(at, at + step))

  expect(pull.received()).toEqual(MESSAGES)
})

test.each([17_000, 40_000, 131_072, 1 << 20])(
  'what is read while messages wait behind the mark joins the frame that was cut off, %d octets at a time',
  step => {
    const [push, pull] = [new Side('PUSH'), new Side('PULL', { mark: 3 })]
    shake(push, pull)
    const messages: string[][] = []
    for (let i = 0; i < 900; i++) {
      const size = i % 7 === 0 ? 15_000 + ((i * 911) % 30_000) : (i * 37) % 700
      messages.push([String(i).padEnd(size, 'abcdefg')])
    }
    for (const message of messages) push.out.write(message)

    pull.readAhead(push.written(), step)

    expect([...pull.kept, ...pull.received()]).toEqual(messages)
  },
)

test('what lies behind the mark waits, with its place kept, and large bodies too', () => {
  const [push, pull] = [new Side('PUSH'), new Side('PULL', { mark: 2 })]
  shake(push, pull)
  const sent = Array.from({ length: 500 }, (_, i) => [String(i), 'b'.repeat(i % 50 === 0 ? BY_REFERENCE + 1 : i % 300)])
  for (const message of sent) push.out.write(message)

  pull.read(push.written(), 10_000)

  expect([...pull.kept, ...pull.received()]).toEqual(sent)
})

test('a queue that is read while it fills is not parked', () => {
  const slabs = new SlabPool()
  const got: string[] = []
  const push = new Side('PUSH')
  const pull = new Side('PULL')
  const queue: Queue = new Queue(
    slabs,
    {
      ...SILENT,
      filled: () => {
        for (let m = queue.read(frames); m !== undefined; m = queue.read(frames)) got.push(String(m[0]))
      },
    },
    { mark: 1 },
  )
  Object.assign(pull, { in: queue })
  shake(push, pull)
  for (let i = 0; i < 20; i++) push.out.write(String(i))

  const octets = push.written()
  octets.copy(pull.engine.space())

  expect(pull.engine.filled(octets.length)).toBe(true)
  expect(got).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
})

test('a PING between the frames of a message is answered, and breaks nothing', () => {
  const [router, dealer] = [new Side('ROUTER'), new Side('DEALER')]
  shake(dealer, router)

  router.read(Buffer.from('\u0001\u0001A\u0004\u0009\u0004PING\u0000\u000Ahi\u0000\u0001B', 'latin1'), 4)

  expect(router.received()).toEqual([['A', 'B']])
  expect(router.written().toString('latin1')).toBe('\u0004\u0007\u0004PONGhi')
  expect(router.lives).toEqual([1000])
})

test.each([
  ['a PING without a time to live', '\u0004\u0006\u0004PING\u0000', {}],
  ['a short frame above the limit', '\u0000\u00c8', { frame: 100 }],
  ['a frame above the limit', '\u0002\u0000\u0000\u0000\u0000\u0000\u0000\u0004\u0001', { frame: 1024 }],
  ['a frame that no memory could hold', '\u0002\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff', {}],
  ['a command above the limit', '\u0006\u0000\u0000\u0000\u0000\u0001\u0000\u0000\u0000', {}],
  ['more parts than are allowed', '\u0001\u0000'.repeat(1001), {}],
  ['more octets in parts than are allowed', '\u0001\u00ff'.concat('x'.repeat(255)).repeat(5), { message: 1000 }],
])('%s ends the connection, and what came before is delivered', (_what, octets, limits) => {
  const [push, pull] = [new Side('PUSH'), new Side('PULL', { limits })]
  shake(push, pull)
  push.out.write('before')

  pull.read(Buffer.concat([push.written(), Buffer.from(octets, 'latin1')]), 1 << 20)

  expect(pull.received()).toEqual([['before']])
  expect(pull.failures).toMatchObject([{ during: 'traffic', failure: { is: 'protocol' } }])
})

test('subscriptions by command are queued for those who want them and for nobody else', () => {
  for (const commands of [true, false]) {
    const [sub, pub] = [new Side('SUB'), new Side('XPUB', { commands })]
    shake(sub, pub)
    sub.out.command(Buffer.from('\u0009SUBSCRIBEtopic'))
    pub.read(sub.written(), 3)

    expect(pub.received()).toEqual(commands ? [['\u0009SUBSCRIBEtopic']] : [])
  }
})

test('a peer with another socket type is refused', () => {
  const [push, pub] = [new Side('PUSH'), new Side('PUB')]

  shake(push, pub)

  expect(push.failures).toMatchObject([{ during: 'handshake', failure: { error: 'ZMTP_INVALID_METADATA' } }])
})

test('nothing is read or written any more after close', () => {
  const [push, pull] = [new Side('PUSH'), new Side('PULL')]
  shake(push, pull)
  pull.engine.close()

  expect(pull.engine.push(Buffer.from('\u0000\u0001x', 'latin1'))).toBe(false)
  expect(pull.received()).toEqual([])
})

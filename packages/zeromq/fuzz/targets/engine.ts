import { Engine } from '../../src/engine/engine.ts'
import { NullMechanism } from '../../src/mechanism/null.ts'
import { Frames } from '../../src/pipe/frames.ts'
import { Queue } from '../../src/pipe/queue.ts'
import { SlabPool } from '../../src/pipe/slab.ts'
import { encodePing } from '../../src/wire/heartbeat.ts'
import { encodeSubscription } from '../../src/wire/subscription.ts'
import { joined, must, mutate, pieces } from '../mutate.ts'
import type { Target } from '../target.ts'

const OWN = { socketType: 'ROUTER', routingId: new Uint8Array(0) } as const
const SIGNATURE = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]
const LIMITS = { frame: 5000, parts: 8, message: 20_000, command: 600 }

const CAPTURES: readonly Uint8Array[] = [
  joined(three(1), ready(), traffic()),
  joined(three(0), ready(), traffic()),
  joined(Uint8Array.of(...SIGNATURE, 1, 5, 0, 2, 65, 66), traffic()),
  joined(Uint8Array.of(...SIGNATURE, 0, 5, 3, 0, 65, 66), trafficOne()),
  joined(Uint8Array.of(3, 0, 65, 66), trafficOne()),
]

/** A damaged connection, read whole and in pieces: the same messages come out, the same end, and nothing is kept beyond its bounds. */
export const engine: Target = {
  name: 'engine',
  weight: 25,
  run(random) {
    const capture = random.pick(CAPTURES)
    // Mostly the traffic is damaged and not the handshake, or little would ever get past it.
    const head = random.oneIn(4) ? 0 : Math.min(capture.length, 96)
    const octets = joined(capture.subarray(0, head), mutate(random, capture.subarray(head)))
    const whole = feed([octets], 'push')
    const cut = feed(pieces(random, octets), random.oneIn(2) ? 'push' : 'read')
    must(whole.failed === cut.failed, `whole ${whole.failed}, in pieces ${cut.failed}`)
    must(
      whole.messages.join() === cut.messages.join(),
      `${whole.failed}: whole ${whole.messages.join()}, cut ${cut.messages.join()}`,
    )
  },
}

function feed(parts: readonly Uint8Array[], way: 'push' | 'read'): { failed: string; messages: string[] } {
  const slabs = new SlabPool()
  const frames = new Frames()
  const queues = { in: new Queue(slabs, SILENT, { mark: 0 }), out: new Queue(slabs, SILENT, { mark: 0 }) }
  let failed = ''
  const one = new Engine(
    {
      handshake: {
        mechanism: 'NULL',
        asServer: false,
        downgrade: true,
        ...OWN,
        createMechanism: () => new NullMechanism(OWN),
      },
      limits: LIMITS,
      chunk: 8192,
      slabs,
      scratch: new Uint8Array(4096),
    },
    {
      output() {},
      resumed() {},
      authenticate() {},
      ready() {
        one.open(queues, true)
      },
      timeToLive(milliseconds) {
        must(milliseconds > 0, 'a time to live of 0 is none')
      },
      failed(failure, during) {
        failed = `${during}: ${failure.message}`
      },
    },
  )
  const messages: string[] = []
  for (const part of parts) {
    for (let at = 0; at < part.length && failed === '';) {
      if (way === 'push') {
        one.push(part)
        at = part.length
      } else {
        const space = one.space()
        must(space.length > 0, 'there is always space')
        const size = Math.min(space.length, part.length - at)
        space.set(part.subarray(at, at + size))
        at += size
        one.filled(size)
      }
    }
    // What the engine answers is taken as a link would.
    must(one.outlet.controlSize < 8192, 'answers do not pile up')
  }
  for (let message = queues.in.read(frames); message !== undefined; message = queues.in.read(frames)) {
    messages.push(message.map(frame => frame.toString('hex')).join('+'))
    must(message.length <= LIMITS.parts, 'no more parts than allowed')
    for (const frame of message) must(frame.length <= LIMITS.frame, 'no larger frame than allowed')
  }
  one.close()
  return { failed, messages }
}

const SILENT = { filled() {}, full() {}, room() {} }

function three(minor: number): Uint8Array {
  const greeting = new Uint8Array(64)
  greeting.set([...SIGNATURE, 3, minor, ...new TextEncoder().encode('NULL')])
  return greeting
}

function ready(): Uint8Array {
  const token = new NullMechanism({ socketType: 'DEALER', routingId: Uint8Array.of(65) }).next()!
  return joined(Uint8Array.of(4, token.length), token)
}

function traffic(): Uint8Array {
  const ping = encodePing(500, Uint8Array.of(1, 2))
  return joined(
    Uint8Array.of(0, 2, 72, 73, 1, 1, 74, 0, 1, 75, 0, 0),
    Uint8Array.of(4, ping.length),
    ping,
    Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 1, 0x2c),
    new Uint8Array(300).fill(76),
    encodeSubscription('SUBSCRIBE', Uint8Array.of(65), 'command'),
    Uint8Array.of(1, 3, 1, 2, 3),
    Uint8Array.of(4, ping.length),
    ping,
    Uint8Array.of(1, 0, 0, 1, 9),
  )
}

function trafficOne(): Uint8Array {
  return joined(
    Uint8Array.of(3, 0, 72, 73, 2, 1, 74, 2, 0, 75, 1, 0),
    Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 1, 0x2d, 0),
    new Uint8Array(300).fill(76),
    Uint8Array.of(2, 1, 1, 1, 0),
  )
}

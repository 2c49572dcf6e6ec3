import { EventEmitter } from 'node:events'
import type { MqttClient } from 'mqtt'
import { MillraceError } from 'millrace/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PacketIds } from '../src/packet-ids.ts'
import type { Taking } from '../src/packet-reader.ts'
import type { PacketWriter } from '../src/packet-writer.ts'
import { Publisher } from '../src/publisher.ts'
import type { Direct, Outgoing } from '../src/publisher.ts'

/** A client that keeps what it is to publish until `answer` acknowledges the oldest. */
class Client extends EventEmitter {
  connected = true
  readonly sent: string[] = []
  readonly #waiting: { id: number; done: (error?: Error, packet?: object) => void }[] = []

  publish(topic: string, _: Buffer, __: object, done: (error?: Error, packet?: object) => void): void {
    this.sent.push(topic)
    this.#waiting.push({ id: this.sent.length, done })
  }

  answer(reasonCode = 0): void {
    const { id, done } = this.#waiting.shift()!
    this.emit('packetreceive', { cmd: 'puback', messageId: id, reasonCode })
    done(undefined, { messageId: id })
  }
}

/** The same where the publisher writes by itself, through packets that are read here. */
class Written extends Client {
  readonly ids = new PacketIds()
  readonly taking: Taking = {}
  /** Whether its acknowledgements are read past it. */
  past = true
  full = false
  largest = Infinity
  drained: () => void = () => undefined
  readonly #ids: number[] = []

  get direct(): Direct {
    const isFull = (): boolean => this.full
    const writer = {
      publish: ({ topic, payload }: { topic: string; payload: Buffer }, id: number): boolean => {
        if (payload.length > this.largest) return false
        this.sent.push(topic)
        this.#ids.push(id)
        return true
      },
      due: () => undefined,
      onDrain: (listener: () => void) => void (this.drained = listener),
      get full() {
        return isFull()
      },
    }
    return { ids: this.ids, writer: writer as unknown as PacketWriter, taking: this.taking }
  }

  override answer(reasonCode?: number): void {
    const messageId = this.#ids.shift()
    if (!this.past) this.emit('packetreceive', { cmd: 'puback', messageId, reasonCode })
    else if (!this.taking.puback?.(messageId ?? 0, reasonCode ?? 0)) expect.unreachable('nobody took it')
  }
}

let client: Client
let told: string[]

beforeEach(() => {
  vi.useFakeTimers()
  told = []
})
afterEach(() => void vi.useRealTimers())

const publisher = (window = 10, again = 0) =>
  new Publisher(client as unknown as MqttClient, {
    window,
    again,
    ...(client instanceof Written && { direct: client.direct }),
  })

function outgoing(topic: string, extra: Partial<Outgoing> = {}): Outgoing {
  const done = (error: MillraceError | undefined, sent: boolean): void =>
    void told.push(`${topic}: ${error?.code ?? 'done'}${sent ? '' : ', not sent'}`)
  return { topic, payload: Buffer.alloc(0), options: { qos: 1 }, done, ...extra }
}

describe.each([
  ['by the client', Client],
  ['by itself', Written],
])('%s', (_, Made) => {
  beforeEach(() => void (client = new Made()))

  test('no more are on their way than the window has room for, and the others follow in order', () => {
    const own = publisher(2)

    for (const topic of ['a', 'b', 'c', 'd']) own.publish(outgoing(topic))
    expect(client.sent).toEqual(['a', 'b'])
    client.answer()

    expect(client.sent).toEqual(['a', 'b', 'c'])
    expect(told).toEqual(['a: done'])
    own.end()
  })

  test('what nobody heard after an outage is published again until somebody does, before what came later', () => {
    const own = publisher(1, performance.now() + 10_000)

    own.publish(outgoing('a'))
    client.answer(16)
    expect(told).toEqual([])
    own.publish(outgoing('b'))
    own.publish(outgoing('c'))
    vi.advanceTimersByTime(100)
    client.answer()
    client.answer()
    client.answer()

    expect(client.sent).toEqual(['a', 'b', 'a', 'c'])
    expect(told).toEqual(['b: done', 'a: done', 'c: done'])
  })

  test('when the time for it is over it is accepted, or refused where that was asked for', () => {
    const own = publisher(10, performance.now() + 150)

    own.publish(outgoing('a'))
    own.publish(outgoing('b', { heard: true }))
    for (let i = 0; i < 2; i++) {
      client.answer(16)
      client.answer(16)
      vi.runAllTimers()
    }
    client.answer(16)
    client.answer(16)

    expect(client.sent).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
    expect(told).toEqual(['a: done', 'b: NO_ROUTE'])
  })

  test('once is once', () => {
    publisher(10, performance.now() + 10_000).publish(outgoing('a', { heard: true, once: true }))

    client.answer(16)

    expect(told).toEqual(['a: NO_ROUTE'])
  })

  test('nothing is sent while it holds, and everything after', () => {
    const own = publisher()
    own.hold(2000)

    own.publish(outgoing('a'))
    vi.advanceTimersByTime(1999)
    expect(client.sent).toEqual([])
    vi.advanceTimersByTime(1)

    expect(client.sent).toEqual(['a'])
  })

  test('what is withdrawn is told so if it was not sent, or heard by nobody; what is on its way goes on', () => {
    const own = publisher(1, performance.now() + 10_000)
    const [unheard, sent, waiting] = [outgoing('unheard'), outgoing('sent'), outgoing('waiting')]
    own.publish(unheard)
    client.answer(16)
    own.publish(sent)
    own.publish(waiting)

    own.withdraw(new Set([unheard, sent, waiting]), new MillraceError('TIMEOUT', 'late'))
    client.answer()

    expect(told).toEqual(['waiting: TIMEOUT, not sent', 'unheard: TIMEOUT, not sent', 'sent: done'])
    own.end()
  })

  test('when the connection ends each is told once, and whether the server may have it', () => {
    const own = publisher(2, performance.now() + 10_000)
    own.publish(outgoing('unheard'))
    client.answer(16)
    own.publish(outgoing('sent'))
    own.publish(outgoing('also'))
    own.publish(outgoing('waiting'))

    client.emit('close')
    own.publish(outgoing('later'))
    vi.runAllTimers()

    expect(told).toEqual([
      'sent: DISCONNECTED',
      'also: DISCONNECTED',
      'unheard: DISCONNECTED, not sent',
      'waiting: DISCONNECTED, not sent',
      'later: DISCONNECTED, not sent',
    ])
  })

  test('what has to wait is told so, when it was sent and heard by nobody too', () => {
    const own = publisher(1, performance.now() + 10_000)
    const waits = (topic: string) => ({ waits: () => void told.push(`${topic} waits`) })

    own.publish(outgoing('a', waits('a')))
    expect(told).toEqual([])
    own.publish(outgoing('b', waits('b')))
    client.answer(16)
    client.answer()

    expect(told).toEqual(['b waits', 'a waits', 'b: done'])
    own.end()
  })
})

test('what the server refuses is told with why, and its packet identifier is free again', () => {
  const written = new Written()
  client = written
  const own = publisher()

  own.publish(outgoing('a'))
  written.answer(135)
  own.publish(outgoing('b'))
  written.answer(151)

  expect(told).toEqual(['a: AUTH', 'b: QUEUE_FULL'])
  expect(written.ids.register(1) && written.ids.register(2)).toBe(true)
})

test('while the connection does not keep up what is published waits, and may be withdrawn, and none of it was sent', () => {
  const written = new Written()
  client = written
  const own = publisher()
  const late = outgoing('late')

  own.publish(outgoing('a'))
  written.full = true
  for (const one of [late, outgoing('b'), outgoing('c')]) own.publish(one)
  written.answer()
  own.withdraw(new Set([late]), new MillraceError('TIMEOUT', 'late'))
  expect(client.sent).toEqual(['a'])
  written.full = false
  written.drained()
  written.full = true
  own.publish(outgoing('d'))
  client.emit('close')

  expect(client.sent).toEqual(['a', 'b', 'c'])
  expect(told).toEqual([
    'a: done',
    'late: TIMEOUT, not sent',
    'b: DISCONNECTED',
    'c: DISCONNECTED',
    'd: DISCONNECTED, not sent',
  ])
})

test('a packet that is larger than the server takes is refused, and those behind it are published', () => {
  const written = new Written()
  client = written
  written.largest = 10
  const own = publisher(1)

  own.publish(outgoing('a'))
  own.publish(outgoing('large', { payload: Buffer.alloc(11) }))
  own.publish(outgoing('b'))
  written.answer()
  written.answer()

  expect(client.sent).toEqual(['a', 'b'])
  expect(told).toEqual(['a: done', 'large: TOO_LARGE, not sent', 'b: done'])
  expect(written.ids.register(2)).toBe(true)
})

test('at the other qualities of service the client publishes', () => {
  const written = new Written()
  client = written
  const viaClient = vi.spyOn(client, 'publish')

  for (const qos of [0, 1, 2] as const) publisher().publish(outgoing(`q${qos}`, { options: { qos } }))

  expect(viaClient.mock.calls.map(([topic]) => topic)).toEqual(['q0', 'q2'])
  expect(client.sent).toEqual(['q0', 'q1', 'q2'])
})

test('an acknowledgement counts where the client reads it, too, and is taken once', () => {
  const written = new Written()
  client = written
  written.past = false

  publisher().publish(outgoing('a'))
  written.answer()

  expect(told).toEqual(['a: done'])
  expect(written.taking.puback?.(1, 0)).toBe(false)
})

test('twenty thousand that are withdrawn one by one are told at once, and what waits behind them is sent', () => {
  client = new Client()
  const own = publisher(1)
  let late = 0
  const outgoing = (topic: string): Outgoing => ({
    topic,
    payload: Buffer.alloc(0),
    options: { qos: 1 },
    done: error => void (late += error ? 1 : 0),
  })
  const all = Array.from({ length: 20_000 }, (_, i) => outgoing(String(i)))
  for (const one of all) own.publish(one)
  own.publish(outgoing('last'))

  const begun = process.cpuUsage()
  for (const one of all) own.withdraw(new Set([one]), new MillraceError('TIMEOUT', 'late'))
  const { user } = process.cpuUsage(begun)
  client.answer()

  expect([late, client.sent]).toEqual([19_999, ['0', 'last']])
  expect(user / 1000).toBeLessThan(1_000)
  own.end()
})

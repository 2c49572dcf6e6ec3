import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../src/errors.ts'
import { captureLogger } from '../../src/logger.ts'
import { message } from '../../src/message.ts'
import { correlation, correlationId, stamped } from '../../src/middleware/correlation.ts'
import { delayOnError } from '../../src/middleware/delay-on-error.ts'
import { duplicator } from '../../src/middleware/duplicator.ts'
import { ignoreErrors } from '../../src/middleware/ignore-errors.ts'
import { instantAck } from '../../src/middleware/instant-ack.ts'
import { log } from '../../src/middleware/log.ts'
import { memory } from '../../src/memory/index.ts'
import { poisonQueue } from '../../src/middleware/poison-queue.ts'
import { randomFail, randomThrow } from '../../src/middleware/random-fail.ts'
import { recoverer } from '../../src/middleware/recoverer.ts'
import { transform, transformOutputs } from '../../src/middleware/transform.ts'
import { when } from '../../src/middleware/when.ts'
import type { Message } from '../../src/contract.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { fakeContext, fakeDelivery } from '../router/kit.ts'

const fails = () => Promise.reject(new Error('no'))

describe('correlation', () => {
  test('passes on the chain of the incoming message and names the message itself as the cause', () => {
    const incoming = message('in', { metadata: { correlation_id: 'chain' } })
    const context = fakeContext({ delivery: fakeDelivery({ message: incoming }) })
    correlation()(() => undefined)(1, context)

    const out = context.maps.reduce((at, map) => map(at, context), message('out', { metadata: { own: 'stays' } }))

    expect(out.metadata).toEqual({ correlation_id: 'chain', causation_id: incoming.id, own: 'stays' })
    expect(correlationId(out)).toBe('chain')
  })

  test('begins a chain with the id of a message that has none', () => {
    const incoming = message('in')

    expect(stamped(message('out'), incoming).metadata).toEqual({
      correlation_id: incoming.id,
      causation_id: incoming.id,
    })
  })

  test('overwrites nothing', () => {
    const metadata = { correlation_id: 'mine', causation_id: 'mine too' }

    expect(stamped(message('out', { metadata }), message('in')).metadata).toEqual(metadata)
  })

  test('takes another key and another beginning', () => {
    const context = fakeContext()
    correlation({ key: 'trace', generate: () => 'made up' })(() => undefined)(1, context)

    expect(context.maps.reduce((at, map) => map(at, context), message('out')).metadata['trace']).toBe('made up')
  })
})

describe('log', () => {
  test('writes a line for what was done, with its time', async () => {
    const clock = virtualClock()
    const logger = captureLogger()
    const slow = () => new Promise<void>(resolve => clock.after(25, resolve))

    const result = log()(slow)(1, fakeContext({ clock, logger }))
    await clock.advance(25)
    await result

    expect(logger.lines).toMatchObject([{ level: 'info', text: 'handled', fields: { ms: 25 } }])
  })

  test('writes a line for what failed, and lets the error go on', async () => {
    const logger = captureLogger()

    await expect(log()(fails)(1, fakeContext({ logger }))).rejects.toThrow('no')
    expect(() =>
      log()(() => {
        throw new Error('at once')
      })(1, fakeContext({ logger })),
    ).toThrow('at once')

    expect(logger.lines.map(({ level, text }) => `${level} ${text}`)).toEqual(['warn failed', 'warn failed'])
  })
})

describe('recoverer', () => {
  test.each([[undefined], ['text'], [null], [7]])('makes an error of %o, thrown or rejected', async thrown => {
    const wrap = recoverer()
    const throws = () => {
      throw thrown
    }

    expect(() => wrap(throws)(1, fakeContext())).toThrow(Error)
    await expect(wrap(() => Promise.reject(thrown))(1, fakeContext())).rejects.toBeInstanceOf(Error)
  })

  test('an error stays the very same', async () => {
    const error = new RangeError('mine')

    await expect(recoverer()(() => Promise.reject(error))(1, fakeContext())).rejects.toBe(error)
  })
})

test('instantAck acks before the work', () => {
  const context = fakeContext()
  const said: string[][] = []

  instantAck()((_, { delivery }) => void said.push([...(delivery as typeof context.delivery).said]))(1, context)

  expect(said).toEqual([['ack']])
})

describe('ignoreErrors', () => {
  class Mine extends Error {}
  const wrap = ignoreErrors([Mine, 'TIMEOUT', error => error.message === 'known'])

  test.each([
    ['a class', new Mine('x')],
    ['a code', new MillraceError('TIMEOUT', 'x')],
    ['a function', new Error('known')],
    ['a cause', new Error('outer', { cause: new Error('middle', { cause: new Mine('x') }) })],
  ])('takes what matches by %s for success', async (_, error) => {
    expect(await wrap(() => Promise.reject(error))(1, fakeContext())).toBeUndefined()
    expect(
      wrap(() => {
        throw error
      })(1, fakeContext()),
    ).toBeUndefined()
  })

  test('an error of the same text and another kind is not the same', async () => {
    await expect(ignoreErrors([Mine])(() => Promise.reject(new Error('x')))(1, fakeContext())).rejects.toThrow('x')
  })

  test('causes that go round in a circle end', async () => {
    const error = new Error('round')
    error.cause = error

    await expect(wrap(() => Promise.reject(error))(1, fakeContext())).rejects.toBe(error)
  })
})

test.each([
  [1, 'nack 100'],
  [2, 'nack 150'],
  [3, 'nack 225'],
  [9, 'nack 1000'],
])('delayOnError has failure %d wait longer, by factors that need not be whole', async (attempt, said) => {
  const context = fakeContext({ delivery: fakeDelivery({ attempt }) })

  await expect(delayOnError({ factor: 1.5, max: 1000 })(fails)(1, context)).rejects.toThrow('no')

  expect(context.delivery.said).toEqual([said])
})

test('duplicator runs the handler twice and gives both results', async () => {
  let calls = 0

  expect(duplicator()(() => ++calls)(1, fakeContext())).toEqual([1, 2])
  expect(await duplicator()(() => Promise.resolve([++calls]))(1, fakeContext())).toEqual([3, 4])
  expect(duplicator()(() => undefined)(1, fakeContext())).toEqual([])
})

describe('failing at random', () => {
  test('fails so large a part of the attempts', async () => {
    const draws = [0.1, 0.3, 0.29]
    const wrapped = randomFail(0.3, { random: () => draws.shift() ?? 1 })(() => 'done')

    await expect(wrapped(1, fakeContext())).rejects.toThrow('random')
    expect(wrapped(1, fakeContext())).toBe('done')
    await expect(wrapped(1, fakeContext())).rejects.toThrow('random')
  })

  test('throws at once something that is no error', () => {
    let thrown: unknown
    try {
      randomThrow(1)(() => 'done')(1, fakeContext())
    } catch (error) {
      thrown = error
    }

    expect(typeof thrown).toBe('string')
    expect(randomThrow(0)(() => 'done')(1, fakeContext())).toBe('done')
  })

  test.each([-0.1, 1.1, Number.NaN, '1' as never])('refuses a probability of %o', probability => {
    expect(() => randomFail(probability)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('poisonQueue', () => {
  const queue = () => {
    const taken: { topic: string; messages: Message }[] = []
    return {
      taken,
      publisher: {
        publish: (topic: string, messages: Message | readonly Message[]) => {
          taken.push({ topic, messages: messages as Message })
          return Promise.resolve()
        },
      },
    }
  }

  test('publishes the message with why and whence, and counts as done without outputs', async () => {
    const { taken, publisher } = queue()
    const incoming = message('bad', { key: 'k', metadata: { own: 'stays' } })
    const context = fakeContext({ delivery: fakeDelivery({ message: incoming }) })

    expect(await poisonQueue({ publisher, topic: 'poison' })(fails)(1, context)).toBeUndefined()

    expect(taken).toEqual([
      {
        topic: 'poison',
        messages: {
          ...incoming,
          metadata: {
            own: 'stays',
            reason_poisoned: 'no',
            topic_poisoned: 'orders',
            handler_poisoned: 'ship',
            subscriber_poisoned: 'fake',
          },
        },
      },
    ])
    expect(incoming.metadata).toEqual({ own: 'stays' })
  })

  test('a message whose metadata leaves no room for a long reason is taken with a short one', async () => {
    const broker = memory()
    const poison = await broker.subscribe('poison')
    const long = () => Promise.reject(new Error('ü'.repeat(5000)))
    for (const own of [0, 7000, 8050]) {
      const incoming = message('bad', { metadata: own === 0 ? {} : { own: 'x'.repeat(own) } })
      const context = fakeContext({ delivery: fakeDelivery({ message: incoming }) })

      await poisonQueue({ publisher: broker, topic: 'poison' })(long)(1, context)

      const { metadata } = (await poison.receive()).message
      expect(metadata['topic_poisoned']).toBe('orders')
      expect(metadata['reason_poisoned']).toMatch(/^ü*$/)
      expect(metadata['reason_poisoned']?.length).toBeLessThanOrEqual(512)
    }
  })

  test.each([
    [{ publisher: {}, topic: 'poison' }],
    [{ topic: 'poison' }],
    [{ publisher: memory(), topic: 'poison', when: true }],
    [{ publisher: memory(), topic: 'poison', wehn: () => true }],
  ])('%o is BAD_OPTION', options => {
    expect(() => poisonQueue(options as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  test('errors that it is not for fail as ever', async () => {
    const { taken, publisher } = queue()
    const wrapped = poisonQueue({ publisher, topic: 'poison', when: error => error instanceof RangeError })(fails)

    await expect(wrapped(1, fakeContext())).rejects.toThrow('no')
    expect(taken).toEqual([])
  })

  test('where it is not taken the delivery fails, with both errors', async () => {
    const wrapped = poisonQueue({
      publisher: { publish: () => Promise.reject(new Error('full')) },
      topic: 'poison',
    })(fails)

    await expect(wrapped(1, fakeContext())).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      cause: { errors: [{ message: 'full' }, { message: 'no' }] },
    })
  })

  test('what was only given back is not poisoned', async () => {
    const { taken, publisher } = queue()
    const wrapped = poisonQueue({ publisher, topic: 'poison' })(() =>
      Promise.reject(new MillraceError('BREAKER_OPEN', 'open')),
    )

    await expect(wrapped(1, fakeContext())).rejects.toThrow('open')
    expect(taken).toEqual([])
  })
})

test('when applies a middleware to what its condition holds for, and keeps its place', () => {
  const wrapped = when(
    value => value === 1,
    transform(() => 'changed'),
  )(value => value)

  expect([wrapped(1, fakeContext()), wrapped(2, fakeContext())]).toEqual(['changed', 2])
  expect(when(() => true, instantAck()).per).toBe('delivery')
})

test('transform hands on what the function makes, waited for where it must be', async () => {
  expect(transform(value => (value as number) + 1)(value => value)(1, fakeContext())).toBe(2)
  expect(await transform(value => Promise.resolve((value as number) + 1))(value => value)(1, fakeContext())).toBe(2)
})

test('transformOutputs has outputs pass through the function', () => {
  const context = fakeContext()
  const shout = (out: Message): Message => ({ ...out, key: 'changed' })

  transformOutputs(shout)(() => undefined)(1, context)

  expect(context.maps).toEqual([shout])
})

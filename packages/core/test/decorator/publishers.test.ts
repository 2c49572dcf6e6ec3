import { describe, expect, test } from 'vitest'
import type { Failure, Message, Publisher } from '../../src/contract.ts'
import { MillraceError } from '../../src/errors.ts'
import { message, text } from '../../src/message.ts'
import { dedupePublisher } from '../../src/decorator/dedupe-publisher.ts'
import { retryPublisher } from '../../src/decorator/retry-publisher.ts'
import { transformPublisher } from '../../src/decorator/transform-publisher.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

/** Takes what it is given, except what the answers say, call by call. */
function scripted(...answers: (readonly number[] | Error)[]) {
  const calls: string[][] = []
  const publisher: Publisher = {
    publish: (_, messages) => {
      const list: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
      calls.push(list.map(text))
      const answer = answers.shift() ?? []
      if (answer instanceof Error) return Promise.reject(answer)
      if (answer.length === 0) return Promise.resolve()
      const failures = answer.map((index): Failure => ({
        index,
        id: list[index]!.id,
        outcome: 'refused',
        error: new MillraceError('QUEUE_FULL', 'full'),
      }))
      return Promise.reject(new MillraceError('PUBLISH_FAILED', 'some', { failures }))
    },
  }
  return { calls, publisher }
}

const three = ['a', 'b', 'c'].map(letter => message(letter))
const steady = { base: 100, jitter: 'none' } as const

describe('retryPublisher', () => {
  test('publishes again what was not accepted, and only that', async () => {
    const clock = virtualClock()
    const { calls, publisher } = scripted([0, 2], [1])

    const done = retryPublisher(publisher, { ...steady, clock }).publish('t', three)
    await clock.advance(1000)
    await done

    expect(calls).toEqual([['a', 'b', 'c'], ['a', 'c'], ['c']])
  })

  test('says what is left in the end, by its place in the first call', async () => {
    const clock = virtualClock()
    const { calls, publisher } = scripted([1, 2], [1], [0])

    const done = retryPublisher(publisher, { ...steady, clock, attempts: 3 })
      .publish('t', three)
      .catch((error: unknown) => error)
    await clock.advance(1000)

    expect(await done).toMatchObject({ code: 'PUBLISH_FAILED', failures: [{ index: 2, id: three[2]!.id }] })
    expect(calls).toEqual([['a', 'b', 'c'], ['b', 'c'], ['c']])
  })

  test('what trying again cannot mend is not tried again', async () => {
    const { calls, publisher } = scripted(new MillraceError('INVALID_TOPIC', 'no'))

    await expect(retryPublisher(publisher).publish('t', three)).rejects.toMatchObject({ code: 'INVALID_TOPIC' })
    expect(calls).toHaveLength(1)
  })

  test('an error of another library may pass', async () => {
    const clock = virtualClock()
    const { calls, publisher } = scripted(new Error('reset'))

    const done = retryPublisher(publisher, { ...steady, clock }).publish('t', three)
    await clock.advance(100)
    await done

    expect(calls).toHaveLength(2)
  })
})

describe('dedupePublisher', () => {
  test('leaves out what it has published', async () => {
    const { calls, publisher } = scripted()
    const once = dedupePublisher(publisher)

    await once.publish('t', three.slice(0, 2))
    await once.publish('t', three)
    await once.publish('t', three)

    expect(calls).toEqual([['a', 'b'], ['c']])
  })

  test('what was not accepted may be published again', async () => {
    const { calls, publisher } = scripted(new Error('reset'))
    const once = dedupePublisher(publisher)

    await expect(once.publish('t', three)).rejects.toThrow('reset')
    await once.publish('t', three)

    expect(calls).toHaveLength(2)
  })
})

test('transformPublisher changes every message on its way out', async () => {
  const { calls, publisher } = scripted()

  await transformPublisher(publisher, (_, topic) => message(topic)).publish('t', three)

  expect(calls).toEqual([['t', 't', 't']])
})

import { expect, test } from 'vitest'
import { encodeMessage, decodeMessage } from '../../src/protobuf.ts'
import { connect } from '../../src/connect.ts'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { pattern } from '../../src/pattern.ts'
import { settled, virtualClock } from '../../src/testing/virtual-clock.ts'

/** Legal names that every object knows. */
const known = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__.constructor']

test('topics and groups may have names that every object knows', async () => {
  const broker = memory()
  const own = (name: string): string => name.replaceAll('.', '-')

  for (const name of known) {
    const subscription = await broker.subscribe(name, { group: own(name), maxDeliveries: 1 })
    await broker.publish(name, message(name, { key: name, metadata: { [name]: 'yes' } }))
    const delivery = await subscription.receive()
    expect([delivery.topic, delivery.message.key, text(delivery.message)]).toEqual([name, name, name])
    expect(Object.getOwnPropertyDescriptor(delivery.message.metadata, name)?.value).toBe('yes')
    delivery.reject({ error: new Error(name) })
    await subscription.flush()
  }

  const { topics, deadLettered } = broker.statistics()
  expect(deadLettered).toBe(known.length)
  for (const name of known) {
    expect(Object.hasOwn(topics, name), name).toBe(true)
    expect(topics[name]?.groups[own(name)]).toMatchObject({ delivered: 1, deadLettered: 1, pending: 0 })
    expect(Object.hasOwn(topics, `${name}.${own(name)}.dead`)).toBe(true)
  }
  await broker.close()
})

test('patterns find topics with such names, and only by their levels', async () => {
  const broker = memory()
  const subscription = await broker.subscribe(pattern('__proto__.*'))

  for (const name of ['__proto__', '__proto__.toString', 'toString', 'a.constructor'])
    await broker.publish(name, message(name))

  expect((await subscription.receive()).topic).toBe('__proto__.toString')
  expect(subscription.tryReceive()).toBeUndefined()
  await broker.close({ timeout: 0 })
})

test('a whole message in protobuf keeps a metadata key that every object knows', () => {
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>

  const read = decodeMessage(encodeMessage(message('x', { metadata })))

  expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata))
})

test('a scheme that every object knows is no scheme', async () => {
  for (const url of ['constructor://x', 'toString:', 'hasOwnProperty:x'])
    await expect(connect(url)).rejects.toMatchObject({ code: 'BAD_OPTION' })
})

test('a frozen message, one that was spread and one from JSON travel alike', async () => {
  const broker = memory()
  const subscription = await broker.subscribe('t')
  const plain = message('x', { key: 'k', metadata: { a: 'b' } })
  const same = [Object.freeze(plain), { ...plain }, { ...plain, metadata: { a: 'b' } }, structuredClone(plain)]

  await broker.publish('t', Object.freeze(same))

  for (const _ of same) expect({ ...(await subscription.receive()).message }).toEqual({ ...plain })
  await broker.close({ timeout: 0 })
})

test('metadata of the largest size passes, one byte more does not', async () => {
  const broker = memory()
  const subscription = await broker.subscribe('t')
  const largest = { a: 'é'.repeat(4095), b: '' }

  await broker.publish('t', message('x', { metadata: largest }))

  expect((await subscription.receive()).message.metadata).toEqual(largest)
  expect(() => message('x', { metadata: { ...largest, c: '' } })).toThrow('8192 bytes')
  await broker.close({ timeout: 0 })
})

test('thousands of subscriptions come and go and leave nothing behind', async () => {
  const clock = virtualClock()
  const broker = memory({ clock })
  await broker.declare('t', { group: 'g' })
  await broker.publish('t', message('kept'))
  const life = new AbortController()

  for (let round = 0; round < 2_000; round++) {
    const group = round % 2 === 0 ? 'g' : undefined
    const subscription = await broker.subscribe(round % 3 === 0 ? pattern('t.**') : 't', {
      ...(group ? { group } : { from: 'earliest' as const }),
      signal: life.signal,
    })
    for await (const delivery of subscription.batches({ size: 1, within: 1000 })) {
      if (round % 5 === 0) delivery[0]?.release()
      break
    }
    await subscription.close({ timeout: 0 })
  }

  const { topics, inFlight } = broker.statistics()
  expect(Object.keys(topics)).toEqual(['t', 't.g.dead'])
  expect(topics['t']).toMatchObject({ ephemeral: [], groups: { g: { consumers: 0, pending: 1 } } })
  expect([inFlight, broker.health().inFlight, clock.pending]).toEqual([0, 0, 0])
  await broker.close()
})

test('await using waits for handlers that run, and gives back what they leave', async () => {
  const broker = memory()
  const done: string[] = []
  let working: Promise<void> | undefined
  {
    await using subscription = await broker.subscribe('t', { group: 'g' })
    await broker.publish('t', [message('a'), message('b')])
    let finish: () => void = () => undefined
    const finished = new Promise<void>(resolve => (finish = resolve))
    working = subscription.each(async delivery => {
      await finished
      done.push(text(delivery.message))
    })
    await settled()
    setImmediate(finish) // once the block has been left
  }
  await working

  expect(done).toEqual(['a'])
  expect(await broker.lag!('t', 'g')).toEqual({ messages: 1 })
  await broker.close()
})

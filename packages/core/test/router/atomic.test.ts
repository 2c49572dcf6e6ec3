import { describe, expect, test } from 'vitest'
import type { Broker, Delivery, Message, Transaction } from '../../src/contract.ts'
import { memory } from '../../src/memory/index.ts'
import { message, text } from '../../src/message.ts'
import { to } from '../../src/router/output.ts'
import { mill, turns } from './kit.ts'

/** A memory broker with transactions that write down what they did. */
function transactional(inner: Broker) {
  const log: string[] = []
  const transaction: Broker['transaction'] = async work => {
    const acks: Delivery[] = []
    const tx: Transaction = {
      native: 'client',
      publish: (topic, messages) => {
        const list: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
        log.push(`publish ${topic} ${list.map(text).join(' ')}`)
        return Promise.resolve()
      },
      ack: delivery => void acks.push(delivery),
    }
    log.push('begin')
    try {
      const result = await work(tx)
      for (const delivery of acks) delivery.ack()
      log.push(`commit ${acks.length}`)
      return result
    } catch (error) {
      log.push('roll back')
      throw error
    }
  }
  const broker: Broker = {
    name: 'transactional',
    capabilities: { ...inner.capabilities, transactions: true },
    open: options => inner.open(options),
    declare: (topic, options) => inner.declare(topic, options),
    publish: (topic, messages, options) => inner.publish(topic, messages, options),
    subscribe: (topic, options) => inner.subscribe(topic, options),
    transaction,
    health: () => inner.health(),
    close: options => inner.close(options),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
  return { broker, log }
}

describe('atomic', () => {
  test('puts what is published and the ack into one transaction, whose own handle the handler has', async () => {
    await using m = mill()
    const { broker, log } = transactional(m.broker)
    m.router.handle('h', { subscriber: broker, topic: 't', publishTopic: 'out', atomic: true }, async (_, context) => {
      log.push(`native ${String(context.transaction?.native)}`)
      await context.publish('direct', message('1'))
      return [message('2'), to('audit', message('3'))]
    })
    await m.run()

    await m.publish('t', 'a')

    expect(log).toEqual(['begin', 'native client', 'publish direct 1', 'publish out 2', 'publish audit 3', 'commit 1'])
    expect(m.router.stats['h']).toMatchObject({ acked: 1, nacked: 0 })
  })

  test('is rolled back for each attempt that fails', async () => {
    await using m = mill()
    const { broker, log } = transactional(m.broker)
    let fails = 1
    m.router.handle(
      'h',
      { subscriber: broker, topic: 't', publishTopic: 'out', atomic: true, retry: { base: 0 }, timeout: 1000 },
      () => {
        if (fails-- > 0) throw new Error('no')
        return message('x')
      },
    )
    await m.run()

    await m.publish('t', 'a')
    await m.clock.advance(1)
    await turns()

    expect(log).toEqual(['begin', 'roll back', 'begin', 'publish out x', 'commit 1'])
  })

  test('needs one broker that has transactions', () => {
    const m = mill()
    const { broker } = transactional(m.broker)
    const add = (spec: object) => () =>
      m.router.handle('h', { subscriber: broker, topic: 't', atomic: true, ...spec }, () => undefined)

    expect(add({ publisher: memory() })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    if (!m.broker.capabilities.transactions)
      expect(add({ subscriber: m.broker })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })
})

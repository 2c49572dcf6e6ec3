import { message, pattern, text } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'
import { zeromq, type ZeromqOptions } from '../../src/pubsub.ts'

const open: { close(options?: { timeout: number }): unknown }[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close({ timeout: 0 })
})

function broker(options: ZeromqOptions): ReturnType<typeof zeromq> {
  const made = zeromq(options)
  open.push(made)
  return made
}

async function endpoint(): Promise<string> {
  const probe = new zmq.Push()
  await probe.bind('tcp://127.0.0.1:*')
  const found = probe.lastEndpoint!
  await probe.unbind(found)
  probe.close()
  return found
}

test('a URL says endpoint, pattern and side; anything else is BAD_OPTION', () => {
  expect(() => zeromq({ url: 'zmq+tcp://127.0.0.1:1?pattern=pubsub&bind=1' })).not.toThrow()
  for (const url of [
    'tcp://127.0.0.1:1',
    'zmq+udp://x',
    'zmq+tcp://x?pattern=other',
    'zmq+tcp://x?bind=2',
    'zmq+tcp://x?foo=1',
  ])
    expect(() => zeromq({ url })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  expect(() => zeromq({})).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  expect(() => zeromq({ endpoint: 'tcp://x', pattern: 'acked', bind: 'subscriber' })).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION' }),
  )
})

test('subscribers of other brokers each get what is published', async () => {
  const at = await endpoint()
  const publisher = broker({ endpoint: at, bind: true })
  await publisher.open()
  const subscriptions = await Promise.all([1, 2].map(() => broker({ endpoint: at }).subscribe(pattern('orders.*'))))

  const published = (async () => {
    // Another process's publisher cannot know when it is known: until both have heard, it is said again.
    for (let i = 0; i < 100; i++) {
      await publisher.publish('orders.new', message('hello'))
      await new Promise(resolve => setImmediate(resolve))
    }
  })()
  for (const subscription of subscriptions) {
    const delivery = await subscription.receive()
    expect([delivery.topic, text(delivery.message)]).toEqual(['orders.new', 'hello'])
  }
  await published
})

test('a plain ZeroMQ publisher is understood, and what is no message is undecodable', async () => {
  const at = await endpoint()
  const plain = new zmq.XPublisher()
  open.push(plain)
  await plain.bind(at)
  const subscription = await broker({ endpoint: at }).subscribe('news')
  await plain.receive()

  await plain.send(['newspaper', 'of another topic'])
  await plain.send(['news', 'one', 'two', 'three'])
  await plain.send(['news', 'plain'])

  const delivery = await subscription.receive()
  expect(text(delivery.message)).toBe('plain')
})

test('a plain ZeroMQ subscriber reads topic, headers and payload', async () => {
  const at = await endpoint()
  const publisher = broker({ endpoint: at, bind: true })
  await publisher.open()
  const plain = new zmq.Subscriber()
  open.push(plain)
  plain.subscribe('news')
  plain.connect(at)
  const frames = plain.receive()
  let done = false
  void frames.finally(() => (done = true))
  while (!done) {
    await publisher.publish('news', message('body', { id: 'id-1', metadata: { a: 'b' } }))
    await new Promise(resolve => setImmediate(resolve))
  }

  const [topic, headers, payload] = await frames
  expect([String(topic), String(payload)]).toEqual(['news', 'body'])
  expect(JSON.parse(String(headers))).toMatchObject({ 'millrace-id': 'id-1', a: 'b' })
})

test('acked: what a consumer of another broker had when it went away comes to the next', async () => {
  const at = await endpoint()
  const publisher = broker({ endpoint: at, pattern: 'acked', bind: true })
  await publisher.open()
  const first = zeromq({ endpoint: at, pattern: 'acked' })
  const dying = await first.subscribe('jobs', { group: 'workers' })
  await publisher.publish('jobs', [message('1'), message('2')])
  const held = await dying.receive()
  expect(text(held.message)).toBe('1')
  await first.close({ timeout: 0 })

  const second = await broker({ endpoint: at, pattern: 'acked' }).subscribe('jobs', { group: 'workers' })
  const again = [await second.receive(), await second.receive()]

  expect(again.map(delivery => text(delivery.message))).toEqual(['1', '2'])
  expect(again.every(delivery => delivery.ack())).toBe(true)
})

test('acked: a consumer goes on when its publisher comes back', async () => {
  const at = await endpoint()
  const before = zeromq({ endpoint: at, pattern: 'acked', bind: true })
  await before.open()
  const subscription = await broker({ endpoint: at, pattern: 'acked' }).subscribe('jobs', { group: 'workers' })
  const up = new Promise<void>(resolve => void subscription.on('up', () => resolve()))
  await before.close({ timeout: 0 })
  const after = broker({ endpoint: at, pattern: 'acked', bind: true })
  await after.open()
  await up

  await after.publish('jobs', message('again'))

  expect(text((await subscription.receive()).message)).toBe('again')
})

test('publishing where another publishes is refused, not swallowed', async () => {
  const at = await endpoint()
  const publisher = broker({ endpoint: at, bind: true })
  await publisher.open()

  await expect(broker({ endpoint: at }).publish('t', message('x'))).rejects.toMatchObject({ code: 'PUBLISH_FAILED' })
})

test('a second group on one queue is refused, not given half of it', async () => {
  const queue = broker({ url: 'zmq+tcp://127.0.0.1:*?pattern=pushpull&bind=1' })
  await queue.subscribe('t', { group: 'one' })

  await expect(queue.subscribe('t', { group: 'two' })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

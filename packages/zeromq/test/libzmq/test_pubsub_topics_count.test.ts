// libzmq: test_pubsub_topics_count
import { expect } from 'vitest'
import { across, raw, type Scene } from './kit.ts'
import type { Subscriber, XPublisher } from 'zeromq'

const topicsCount = 116
const over = { over: ['tcp', 'inproc'] } as const

across('independent topics are counted on both sides', over, async scene => {
  const { pub, subs } = await three(scene)
  const counted = counts(pub, subs)
  for (const [at, topic] of ['topic1', 'topic2', 'topic3'].entries()) subs[at]?.subscribe(topic)
  for (let heard = 0; heard < 3; heard++) await pub.receive()
  expect(counted()).toEqual([3, 1, 1, 1])

  subs[0]?.unsubscribe('topic1')
  await pub.receive()

  expect(counted()).toEqual([2, 0, 1, 1])
})

across('nested topics are counted one by one', over, async scene => {
  const { pub, subs } = await three(scene)
  const [sub] = subs
  const topics = ['', 'a', 'ab', 'abc', 'abd']
  for (const topic of topics) sub.subscribe(topic)
  for (let heard = 0; heard < topics.length; heard++) await pub.receive()
  expect([raw(pub).getInt32Option(topicsCount), raw(sub).getInt32Option(topicsCount)]).toEqual([5, 5])

  sub.unsubscribe('ab')
  await pub.receive()

  expect([raw(pub).getInt32Option(topicsCount), raw(sub).getInt32Option(topicsCount)]).toEqual([4, 4])
})

function counts(pub: XPublisher, subs: readonly Subscriber[]): () => number[] {
  return () => [pub, ...subs].map(socket => raw(socket).getInt32Option(topicsCount))
}

async function three(scene: Scene): Promise<{ pub: XPublisher; subs: readonly [Subscriber, Subscriber, Subscriber] }> {
  const { a, b, add, bind } = scene
  const pub = add(new a.XPublisher())
  const endpoint = await bind(pub)
  const subs = [add(new b.Subscriber()), add(new b.Subscriber()), add(new b.Subscriber())] as const
  for (const sub of subs) sub.connect(endpoint)
  return { pub, subs }
}

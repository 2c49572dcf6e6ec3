// libzmq: test_xpub_manual
import { expect } from 'vitest'
import { across, attend, nothing, raw, text } from './kit.ts'

const [subscribe, unsubscribe] = [6, 7]
const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a manual XPUB decides what a subscriber gets', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher({ manual: true }))
  const sub = add(new b.XSubscriber())
  sub.connect(await bind(pub))
  await sub.send('\u0001A')
  expect(await text(pub)).toEqual(['\u0001A'])

  raw(pub).setStringOption(subscribe, 'XA')
  await pub.send('A')
  await pub.send('XA')

  expect(await text(sub)).toEqual(['XA'])
})

across('a manual XPUB takes back what it gave', over, async scene => {
  const { a, b, add, bind } = scene
  const pub = add(new a.XPublisher({ manual: true }))
  const sub = add(new b.XSubscriber())
  sub.connect(await bind(pub))
  await sub.send('\u0001A')
  await pub.receive()
  raw(pub).setStringOption(subscribe, 'A')
  raw(pub).setStringOption(subscribe, 'XA')
  await pub.send('A1')
  expect(await text(sub)).toEqual(['A1'])

  await sub.send('\u0000A')
  expect(await text(pub)).toEqual(['\u0000A'])
  raw(pub).setStringOption(unsubscribe, 'A')
  await pub.send('A2')

  await nothing(sub)
})

across('a manual XPUB behind a forwarder hears who leaves', over, async scene => {
  const { a, b, add, bind } = scene
  const backEnd = add(new a.XPublisher({ manual: true }))
  const endpoint = await bind(backEnd)
  const one = add(new b.Subscriber())
  const two = add(new b.Subscriber())
  one.connect(endpoint)
  one.subscribe('A')
  expect(await text(backEnd)).toEqual(['\u0001A'])
  raw(backEnd).setStringOption(subscribe, 'XA')
  two.connect(endpoint)
  two.subscribe('B')
  expect(await text(backEnd)).toEqual(['\u0001B'])
  raw(backEnd).setStringOption(subscribe, 'XB')

  one.disconnect(endpoint)
  void attend(one)

  expect(await text(backEnd)).toEqual(['\u0000A'])
})

across('a manual XPUB may give nothing', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher({ manual: true }))
  const sub = add(new b.Subscriber())
  sub.subscribe('A')
  sub.connect(await bind(pub))
  expect(await text(pub)).toEqual(['\u0001A'])

  await pub.send('A')

  await nothing(sub)
})

across('every subscription is reported to a manual XPUB, twice the same too', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher({ manual: true }))
  const endpoint = await bind(pub)
  for (let at = 0; at < 2; at++) {
    const sub = add(new b.Subscriber())
    sub.connect(endpoint)
    sub.subscribe('A')
    expect(await text(pub)).toEqual(['\u0001A'])
    raw(pub).setStringOption(subscribe, 'A')
  }
})

across(
  'when a subscriber leaves, each topic that it had asked for is reported once',
  over,
  async ({ a, b, add, bind }) => {
    const pub = add(new a.XPublisher({ manual: true }))
    const sub = add(new b.Subscriber())
    sub.connect(await bind(pub))
    for (const topic of ['A', 'B']) {
      sub.subscribe(topic)
      expect(await text(pub)).toEqual([`\u0001${topic}`])
      raw(pub).setStringOption(subscribe, `X${topic}`)
    }

    sub.close()

    expect([await text(pub), await text(pub)].map(String).sort()).toEqual(['\u0000A', '\u0000B'])
  },
)

across('a user message from an XSUB comes up like any other', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher({ manual: true }))
  const sub = add(new b.XSubscriber())
  sub.connect(await bind(pub))
  await sub.send('\u0001A')
  expect(await text(pub)).toEqual(['\u0001A'])

  await sub.send(['user', 'message'])

  expect(await text(pub)).toEqual(['user', 'message'])
})

// libzmq: test_xpub_manual_last_value
import { expect } from 'vitest'
import { across, nothing, raw, text } from './kit.ts'

const [subscribe, unsubscribe, lastValue] = [6, 7, 98]
const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('the first message after a subscription goes to the new subscriber alone', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher())
  raw(pub).setBoolOption(lastValue, true)
  const endpoint = await bind(pub)
  const one = add(new b.Subscriber())
  one.connect(endpoint)
  one.subscribe('A')
  expect(await text(pub)).toEqual(['\u0001A'])
  raw(pub).setStringOption(subscribe, 'A')
  await pub.send('A is cached')
  expect(await text(one)).toEqual(['A is cached'])
  const two = add(new b.Subscriber())
  two.connect(endpoint)
  two.subscribe('A')
  expect(await text(pub)).toEqual(['\u0001A'])
  raw(pub).setStringOption(subscribe, 'A')

  await pub.send('A is cached')
  await pub.send('A is new')

  expect(await text(two)).toEqual(['A is cached'])
  expect(await text(two)).toEqual(['A is new'])
  expect(await text(one)).toEqual(['A is new'])
})

across('what the application gave is what counts', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher())
  raw(pub).setBoolOption(lastValue, true)
  const sub = add(new b.XSubscriber())
  sub.connect(await bind(pub))
  await sub.send('\u0001A')
  expect(await text(pub)).toEqual(['\u0001A'])

  raw(pub).setStringOption(subscribe, 'XA')
  await pub.send('A')
  await pub.send('XA')

  expect(await text(sub)).toEqual(['XA'])
})

across('what the application took back is not sent', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher())
  raw(pub).setBoolOption(lastValue, true)
  const sub = add(new b.Subscriber())
  sub.connect(await bind(pub))
  sub.subscribe('A')
  await pub.receive()
  raw(pub).setStringOption(subscribe, 'A')
  await pub.send('A1')
  expect(await text(sub)).toEqual(['A1'])

  sub.unsubscribe('A')
  expect(await text(pub)).toEqual(['\u0000A'])
  raw(pub).setStringOption(unsubscribe, 'A')
  await pub.send('A2')

  await nothing(sub)
})

across('when a subscriber leaves its topics are reported', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher())
  raw(pub).setBoolOption(lastValue, true)
  const sub = add(new b.Subscriber())
  sub.connect(await bind(pub))
  sub.subscribe('A')
  await pub.receive()
  raw(pub).setStringOption(subscribe, 'XA')

  sub.close()

  expect(await text(pub)).toEqual(['\u0000A'])
})

across('a user message comes up', over, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher())
  raw(pub).setBoolOption(lastValue, true)
  const sub = add(new b.XSubscriber())
  sub.connect(await bind(pub))
  await sub.send('\u0001A')
  await pub.receive()

  await sub.send('user')

  expect(await text(pub)).toEqual(['user'])
})

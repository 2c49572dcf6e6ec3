// libzmq: test_sub_forward
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across(
  'a forwarder of XPUB and XSUB passes subscriptions up and messages down',
  { over: ['tcp', 'ipc', 'inproc'] },
  async scene => {
    const { a, b, add, bind } = scene
    const xpub = add(new a.XPublisher())
    const xsub = add(new a.XSubscriber())
    const pub = add(new b.XPublisher())
    const sub = add(new b.Subscriber())
    const up = await bind(xsub)
    const down = await bind(xpub)
    pub.connect(up)
    sub.connect(down)

    sub.subscribe('')
    const subscription = await xpub.receive()
    expect(subscription.map(frame => [...frame])).toEqual([[1]])
    await xsub.send(subscription)
    expect((await pub.receive()).map(frame => [...frame])).toEqual([[1]])
    await pub.send('Hello')
    await xpub.send(await xsub.receive())

    expect(await text(sub)).toEqual(['Hello'])
  },
)

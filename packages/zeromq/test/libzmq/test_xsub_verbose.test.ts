// libzmq: test_xsub_verbose
import { expect } from 'vitest'
import { across, nothing, raw, text } from './kit.ts'

const verboseUnsubscribe = 115

across(
  'an XSUB passes only the last unsubscription on, unless it is told to pass all',
  { over: ['tcp', 'inproc'] },
  async scene => {
    const { a, b, add, bind } = scene
    const pub = add(new a.XPublisher({ verbosity: 'allSubsUnsubs' }))
    const sub = add(new b.XSubscriber())
    sub.connect(await bind(pub))
    await sub.send('\u0001topic')
    await sub.send('\u0001topic')
    expect([await text(pub), await text(pub)].map(String)).toEqual(['\u0001topic', '\u0001topic'])

    await sub.send('\u0000topic')
    await nothing(pub)
    await sub.send('\u0000topic')
    expect(await text(pub)).toEqual(['\u0000topic'])
    raw(sub).setBoolOption(verboseUnsubscribe, true)
    await sub.send('\u0000topic')

    expect(await text(pub)).toEqual(['\u0000topic'])
  },
)

// Beyond libzmq's own test: what is queued for a publisher that is not there yet.
across(
  'subscriptions and messages of an XSUB that was earlier than its XPUB arrive in the order in which they were sent',
  { over: ['tcp', 'ipc', 'inproc'] },
  async scene => {
    const { a, b, add, unused } = scene
    const pub = add(new a.XPublisher())
    const sub = add(new b.XSubscriber({ reconnectInterval: 10 }))
    const address = await unused()
    sub.connect(address)

    for (const message of ['\u0001a', 'one', '\u0001b', '\u0000a', 'two', '\u0000b']) await sub.send(message)
    await pub.bind(address)

    const arrived: string[] = []
    while (arrived.length < 6) arrived.push(String(await text(pub)))
    expect(arrived).toEqual(['\u0001a', 'one', '\u0001b', '\u0000a', 'two', '\u0000b'])
  },
)

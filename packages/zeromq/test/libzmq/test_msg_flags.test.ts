// libzmq: test_msg_flags
import { expect } from 'vitest'
import { across } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a message of many parts comes as one, an empty part too', over, async ({ a, b, add, bind }) => {
  const dealer = add(new a.Dealer())
  const router = add(new b.Router())
  router.connect(await bind(dealer))

  await dealer.send(['A', '', 'B'])

  const [, ...parts] = await router.receive()
  expect(parts.map(String)).toEqual(['A', '', 'B'])
})

across(
  'what is done to a received frame is not seen by the sender or another receiver',
  over,
  async ({ a, b, add, bind }) => {
    const pub = add(new a.XPublisher())
    const endpoint = await bind(pub)
    const subs = [add(new b.Subscriber()), add(new b.Subscriber())]
    pub.verbosity = 'allSubs'
    for (const sub of subs) {
      sub.connect(endpoint)
      sub.subscribe('')
      await pub.receive()
    }
    const body = Buffer.from('small and shared')

    await pub.send(body)
    const taken: (Buffer | undefined)[] = []
    for (const sub of subs) {
      const [frame] = await sub.receive()
      taken.push(frame)
      if (sub === subs[0]) frame?.fill(0)
    }

    expect(taken[1]?.toString()).toBe('small and shared')
    expect(body.toString()).toBe('small and shared')
  },
)

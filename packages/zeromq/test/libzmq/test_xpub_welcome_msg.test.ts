// libzmq: test_xpub_welcome_msg
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('a subscriber that asks for it is welcomed', { over: ['tcp', 'ipc', 'inproc'] }, async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher({ welcomeMessage: 'W' }))
  const sub = add(new b.Subscriber())
  sub.subscribe('W')
  sub.connect(await bind(pub))

  expect(await text(pub)).toEqual(['\u0001W'])
  expect(await text(sub)).toEqual(['W'])
})

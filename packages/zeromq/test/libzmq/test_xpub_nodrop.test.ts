// libzmq: test_xpub_nodrop
import { expect } from 'vitest'
import { across, each, fill, nothing } from './kit.ts'

each('an XPUB with no drop takes what its marks hold, and all of it arrives', { over: ['inproc'] }, async scene => {
  const { a, add, bind } = scene
  const pub = add(new a.XPublisher({ noDrop: true, sendHighWaterMark: 2000 }))
  const sub = add(new a.Subscriber())
  sub.connect(await bind(pub))
  sub.subscribe('')
  await pub.receive()

  const sent = await fill(pub, 'x', 10_000)

  expect(sent).toBe(3000)
  for (let received = 0; received < sent; received++) await sub.receive()
  await nothing(sub)
  await pub.send('more')
  expect((await sub.receive()).map(String)).toEqual(['more'])
})

across('over a connection, too, every message that was taken arrives', { over: ['tcp', 'ipc'] }, async scene => {
  const { a, b, add, bind } = scene
  const pub = add(new a.XPublisher({ noDrop: true, sendHighWaterMark: 100 }))
  const sub = add(new b.Subscriber({ receiveHighWaterMark: 100 }))
  sub.connect(await bind(pub))
  sub.subscribe('')
  await pub.receive()

  const sent = await fill(pub, Buffer.alloc(65_536), 2_000)

  expect(sent).toBeLessThan(2_000)
  for (let received = 0; received < sent; received++) expect((await sub.receive())[0]?.length).toBe(65_536)
  await nothing(sub)
})

// libzmq: test_hwm_pubsub
import { setImmediate } from 'node:timers/promises'
import { expect } from 'vitest'
import { across, drain, each, fill, joined, text, type Sender } from './kit.ts'

const all = { over: ['tcp', 'ipc', 'inproc'] } as const

across('below its marks a PUB loses nothing, again and again', all, async ({ a, b, add, bind }) => {
  const pub = add(new a.Publisher({ sendHighWaterMark: 11_024 }))
  const sub = add(new b.Subscriber({ receiveHighWaterMark: 11_024 }))
  sub.subscribe('')
  sub.connect(await bind(pub))
  await joined(pub, sub)

  for (const count of [9_999, 1_000]) {
    for (let sent = 0; sent < count; sent++) await pub.send(String(sent))
    for (let received = 0; received < count; received++) expect(await text(sub)).toEqual([String(received)])
  }
})

each('over its marks a PUB drops the newest', { over: ['inproc'] }, async ({ a, add, bind }) => {
  const pub = add(new a.Publisher({ sendHighWaterMark: 5 }))
  const sub = add(new a.Subscriber({ receiveHighWaterMark: 6 }))
  sub.subscribe('')
  sub.connect(await bind(pub))

  for (let sent = 0; sent < 200; sent++) await pub.send(String(sent))

  const kept = (await drain(sub)).map(String)
  expect(kept).toEqual(Array.from({ length: 11 }, (_, at) => String(at)))
})

each('a PUB with no drop takes as many as the marks hold, and no more', { over: ['inproc'] }, async scene => {
  const { a, add, bind } = scene
  const pub = add(new a.Publisher({ sendHighWaterMark: 5, noDrop: true }))
  const sub = add(new a.Subscriber({ receiveHighWaterMark: 6 }))
  sub.subscribe('')
  sub.connect(await bind(pub))

  expect(await fill(pub, 'x', 100)).toBe(11)
  expect(await drain(sub)).toHaveLength(11)
  await pub.send('again')

  expect(await text(sub)).toEqual(['again'])
})

across('a PUB with no drop waits for a slow subscriber and loses nothing', all, async ({ a, b, add, bind }) => {
  const pub = add(new a.Publisher({ sendHighWaterMark: 10, noDrop: true }))
  const sub = add(new b.Subscriber({ receiveHighWaterMark: 10 }))
  sub.subscribe('')
  sub.connect(await bind(pub))
  await joined(pub, sub)
  const count = 500
  const sending = (async () => {
    for (let sent = 0; sent < count; sent++) await sendAgain(pub, [String(sent), 'x'.repeat(4096)])
  })()

  for (let received = 0; received < count; received++) expect((await text(sub))[0]).toBe(String(received))

  await sending
})

// The native package always thinks that a PUB can be written and rejects where it could wait.
async function sendAgain(pub: Sender, message: string[]): Promise<void> {
  for (;;) {
    try {
      return await pub.send(message)
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' })
      await setImmediate()
    }
  }
}

// libzmq: test_conflate
import { expect } from 'vitest'
import { across, nothing, text } from './kit.ts'

across('of many messages a conflating PULL keeps the last', { over: ['tcp', 'ipc'] }, async ({ a, b, add, bind }) => {
  const pull = add(new a.Pull({ conflate: true }))
  const push = add(new b.Push({ conflate: true }))
  const done = add(new a.Pull())
  const marker = add(new b.Push())
  push.connect(await bind(pull))
  marker.connect(await bind(done))
  for (let sent = 1; sent < 20; sent++) await push.send(String(sent))
  let last = 19
  const first = await text(pull)

  // What had arrived before may have been taken alone; the last one is never lost and nothing older follows it.
  if (first[0] !== '19') last = Number((await text(pull))[0])

  expect(last).toBe(19)
  await nothing(pull)
})

across('a conflating SUB sees the newest of a burst that it did not read', async ({ a, b, add, bind }) => {
  const pub = add(new a.XPublisher())
  const sub = add(new b.Subscriber({ conflate: true }))
  sub.subscribe('')
  sub.connect(await bind(pub))
  await pub.receive()
  for (let sent = 0; sent <= 100; sent++) await pub.send(String(sent))
  let newest = ''

  while (newest !== '100') {
    const [value = ''] = await text(sub)
    expect(Number(value)).toBeGreaterThanOrEqual(Number(newest))
    newest = value
  }

  await nothing(sub)
})

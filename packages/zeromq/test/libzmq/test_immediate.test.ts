// libzmq: test_immediate
import { expect } from 'vitest'
import { across, drain, Events, fill, text } from './kit.ts'

const over = { over: ['tcp', 'ipc'] } as const

across('half of the messages wait for a peer that is not there', over, async scene => {
  const { a, b, add, bind } = scene
  const pull = add(new a.Pull())
  const push = add(new b.Push({ linger: 0 }))
  push.connect(await bind(pull))
  push.connect(await scene.unused())

  for (let sent = 0; sent < 10; sent++) await push.send(String(sent))

  expect(await drain(pull)).toHaveLength(5)
})

across('with immediate only peers that are there get messages', over, async scene => {
  const { a, b, add, bind } = scene
  const pull = add(new a.Pull())
  const push = add(new b.Push({ immediate: true }))
  push.connect(await scene.unused())
  push.connect(await bind(pull))

  for (let sent = 0; sent < 10; sent++) await push.send(String(sent))

  expect(await drain(pull)).toHaveLength(10)
})

across('with immediate a socket takes nothing between two lives of its peer', over, async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const first = add(new a.Dealer())
  const client = add(new b.Dealer({ immediate: true, reconnectInterval: 20 }))
  const events = new Events(client)
  await first.bind(endpoint)
  client.connect(endpoint)
  await client.send('hello')
  expect(await text(first)).toEqual(['hello'])

  first.close()
  await events.next('disconnect')
  // The event may come before the pipe is gone; what is taken until then is lost with it.
  for (let tries = 0; (await fill(client, 'lost', 1)) === 1; tries++) expect(tries).toBeLessThan(100)
  const second = add(new a.Dealer())
  await second.bind(endpoint)
  await client.send('again')

  expect(await text(second)).toEqual(['again'])
})

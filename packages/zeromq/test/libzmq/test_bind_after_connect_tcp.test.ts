// libzmq: test_bind_after_connect_tcp
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('what is sent before the peer binds arrives after it bound', { over: ['tcp', 'ipc', 'inproc'] }, async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const sender = add(new b.Dealer({ reconnectInterval: 20 }))
  const receiver = add(new a.Dealer())
  const sent = ['one', 'two', 'three', 'four', 'five', 'six']
  sender.connect(endpoint)
  for (const message of sent) await sender.send(message)

  await receiver.bind(endpoint)

  for (const message of sent) expect(await text(receiver)).toEqual([message])
})

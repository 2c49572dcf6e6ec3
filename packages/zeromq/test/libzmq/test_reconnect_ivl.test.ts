// libzmq: test_reconnect_ivl
import { expect } from 'vitest'
import { across, bounce, Events, refuses } from './kit.ts'

across('with a reconnect interval of -1 only an explicit connect comes back', { over: ['tcp', 'ipc'] }, async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const server = add(new a.Pair())
  const client = add(new b.Pair({ reconnectInterval: -1 }))
  const events = new Events(client)
  await server.bind(endpoint)
  client.connect(endpoint)
  await bounce(server, client)

  server.close()
  await events.next('disconnect')
  const again = add(new a.Pair())
  await again.bind(endpoint)
  await refuses(client, 'nobody', 100)
  expect(events.types.filter(type => type === 'connect')).toHaveLength(1)
  client.connect(endpoint)

  await bounce(again, client)
})

// libzmq: test_disconnect_msg
import { expect } from 'vitest'
import { across, attend, raw } from './kit.ts'

const disconnectMessage = 111

across('a SERVER gets its disconnect message when a CLIENT disconnects', { over: ['tcp', 'inproc'] }, async scene => {
  const { a, b, add, bind } = scene
  const server = add(new a.Server())
  raw(server).setStringOption(disconnectMessage, 'D')
  const client = add(new b.Client())
  const endpoint = await bind(server)
  client.connect(endpoint)
  await client.send('H')
  const [hello, { routingId }] = await server.receive()
  expect(hello.toString()).toBe('H')

  client.disconnect(endpoint)
  void attend(client)

  const [gone, { routingId: whose }] = await server.receive()
  expect(gone.toString()).toBe('D')
  expect(whose).toBe(routingId)
})

across('a SERVER gets its disconnect message when a CLIENT closes', { over: ['tcp', 'ipc', 'inproc'] }, async scene => {
  const { a, b, add, bind } = scene
  const server = add(new a.Server())
  raw(server).setStringOption(disconnectMessage, 'D')
  const client = add(new b.Client())
  client.connect(await bind(server))
  await client.send('H')
  const [, { routingId }] = await server.receive()

  client.close()

  const [gone, { routingId: whose }] = await server.receive()
  expect([gone.toString(), whose]).toEqual(['D', routingId])
})

across('a ROUTER gets its disconnect message under the id of the peer', { over: ['tcp', 'inproc'] }, async scene => {
  const { a, b, add, bind } = scene
  const router = add(new a.Router())
  raw(router).setStringOption(disconnectMessage, 'D')
  const dealer = add(new b.Dealer({ routingId: 'X' }))
  dealer.connect(await bind(router))
  await dealer.send('H')
  expect((await router.receive()).map(String)).toEqual(['X', 'H'])

  dealer.close()

  expect((await router.receive()).map(String)).toEqual(['X', 'D'])
})

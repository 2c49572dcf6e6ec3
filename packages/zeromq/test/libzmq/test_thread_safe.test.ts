// libzmq: test_thread_safe
import { expect } from 'vitest'
import { each } from './kit.ts'

each('the new types are safe for threads, the old ones are not', ({ a, add }) => {
  for (const type of ['Client', 'Server', 'Radio', 'Dish', 'Scatter', 'Gather', 'Peer', 'Channel'] as const)
    expect(add(new a[type]()).threadSafe, type).toBe(true)
  for (const type of [
    'Pair',
    'Publisher',
    'Subscriber',
    'Request',
    'Reply',
    'Dealer',
    'Router',
    'Pull',
    'Push',
    'Stream',
    'Datagram',
  ] as const)
    expect(add(new a[type]()).threadSafe, type).toBe(false)
})

each('a CLIENT that waits for a message can be sent through meanwhile', async ({ a, add, bind }) => {
  const server = add(new a.Server())
  const client = add(new a.Client())
  client.connect(await bind(server))
  const waiting = client.receive()

  await client.send('X')
  const [, { routingId }] = await server.receive()
  await server.send('Y', { routingId })

  expect((await waiting).map(String)).toEqual(['Y'])
})

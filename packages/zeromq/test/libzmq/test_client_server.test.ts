// libzmq: test_client_server
import { expect } from 'vitest'
import { across, each } from './kit.ts'

across('a SERVER answers the CLIENT whose routing id it names', { over: ['tcp', 'ipc', 'inproc'] }, async scene => {
  const { a, b, add, bind } = scene
  const server = add(new a.Server())
  const client = add(new b.Client())
  client.connect(await bind(server))

  await client.send('X')
  const [request, { routingId }] = await server.receive()
  expect(request.toString()).toBe('X')
  expect(routingId).not.toBe(0)
  await server.send('Y', { routingId })

  expect((await client.receive()).map(String)).toEqual(['Y'])
})

each('CLIENT and SERVER refuse more than one frame', async ({ a, add, bind }) => {
  const server = add(new a.Server())
  const client = add(new a.Client())
  client.connect(await bind(server))
  await client.send('X')
  const [, { routingId }] = await server.receive()
  const parts = ['X', 'Y'] as unknown as string

  await expect((async () => client.send(parts))()).rejects.toMatchObject({ code: 'EINVAL' })
  await expect((async () => server.send(parts, { routingId }))()).rejects.toMatchObject({ code: 'EINVAL' })
})

each('a SERVER cannot reach a routing id nobody has', async ({ a, add, bind }) => {
  const server = add(new a.Server())
  await bind(server)

  await expect((async () => server.send('X', { routingId: 5 }))()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
})

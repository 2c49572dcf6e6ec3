// libzmq: test_channel
import { expect } from 'vitest'
import { across, each, text } from './kit.ts'

across('a CHANNEL carries single frames both ways', { over: ['tcp', 'ipc', 'inproc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Channel())
  const client = add(new b.Channel())
  client.connect(await bind(server))

  await client.send('X')
  expect(await text(server)).toEqual(['X'])
  await server.send('Y')

  expect(await text(client)).toEqual(['Y'])
})

each('a CHANNEL refuses more than one frame', async ({ a, add, bind }) => {
  const server = add(new a.Channel())
  const client = add(new a.Channel())
  client.connect(await bind(server))
  await client.send('X')
  await server.receive()

  await expect((async () => server.send(['X', 'Y']))()).rejects.toMatchObject({ code: 'EINVAL' })
})

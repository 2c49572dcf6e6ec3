// libzmq: test_stream_disconnect
import { expect } from 'vitest'
import { across, attend } from './kit.ts'

across('an empty frame ends one connection of a STREAM', async ({ a, b, add, bind }) => {
  const server = add(new a.Stream())
  const client = add(new b.Stream())
  const endpoint = await bind(server)
  client.connect(endpoint)
  const [serverSees] = await server.receive()
  const [clientSees] = await client.receive()
  for (const text of ['can you hear me?', 'yes, I can', 'good']) {
    await client.send([clientSees, text])
    expect((await server.receive())[1].toString()).toBe(text)
    await server.send([serverSees, text])
    expect((await client.receive())[1].toString()).toBe(text)
  }

  await server.send([serverSees, ''])
  void attend(server)

  const [who, nothing] = await client.receive()
  expect([who, nothing.length]).toEqual([clientSees, 0])
  await expect((async () => server.send([serverSees, 'gone']))()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
})

// libzmq: test_bind_src_address
import { expect } from 'vitest'
import { across, bounce, each, portOf, unusedPort } from './kit.ts'

across('a connection leaves from the source address it was given', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  const port = portOf(await bind(server))

  client.connect(`tcp://127.0.0.1:0;127.0.0.1:${port}`)

  await bounce(server, client)
})

across('a connection leaves from the source port it was given', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  const port = portOf(await bind(server))
  const source = await unusedPort()

  client.connect(`tcp://127.0.0.1:${source};127.0.0.1:${port}`)

  await bounce(server, client)
})

each('a source without a port, and one whose host is a name, are taken', ({ a, add }) => {
  const client = add(new a.Pair())

  expect(() => client.connect('tcp://127.0.0.1:*;localhost:5001')).not.toThrow()
  expect(() => client.connect('tcp://lo:0;localhost:5002')).not.toThrow()
})

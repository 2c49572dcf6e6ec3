// libzmq: test_pair_tcp
import { expect } from 'vitest'
import { across, bounce, portOf, raw } from './kit.ts'

across('a PAIR bounces messages over tcp', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  client.connect(await bind(server))

  await bounce(server, client)
})

across('a PAIR connects by the name of the host', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  client.connect(`tcp://localhost:${portOf(await bind(server))}`)

  await bounce(server, client)
})

across('the fast path of another system is accepted and changes nothing', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  server.loopbackFastPath = true
  client.loopbackFastPath = true
  client.connect(await bind(server))

  await bounce(server, client)

  expect(raw(client).getInt32Option(16)).toBe(0)
})

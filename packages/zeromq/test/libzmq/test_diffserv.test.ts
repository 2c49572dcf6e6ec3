// libzmq: test_diffserv
import { expect } from 'vitest'
import { across, bounce } from './kit.ts'

across('the type of service can be set, read and bounced over', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair({ typeOfService: 0x28 }))
  const client = add(new b.Pair({ typeOfService: 0x58 }))
  client.connect(await bind(server))

  expect(server.typeOfService).toBe(0x28)
  expect(client.typeOfService).toBe(0x58)
  await bounce(server, client)
})

// libzmq: test_pair_ipc
import { expect } from 'vitest'
import { across, bounce, each } from './kit.ts'

across('a PAIR bounces messages over ipc', { over: ['ipc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  client.connect(await bind(server))

  await bounce(server, client)
})

each('a path that is too long is ENAMETOOLONG', { over: ['ipc'] }, async ({ a, add }) => {
  const server = add(new a.Pair())

  await expect(server.bind(`ipc:///tmp/${'x'.repeat(108)}`)).rejects.toMatchObject({ code: 'ENAMETOOLONG' })
})

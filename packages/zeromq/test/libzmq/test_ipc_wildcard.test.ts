// libzmq: test_ipc_wildcard
import { expect } from 'vitest'
import { across, bounce } from './kit.ts'

across('ipc://* makes a path that can be connected to', { over: ['ipc'] }, async ({ a, b, add }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())

  await server.bind('ipc://*')
  expect(server.lastEndpoint).toMatch(/^ipc:\/\/.*tmp.*\/socket$/)
  client.connect(server.lastEndpoint ?? '')

  await bounce(server, client)
})

// libzmq: test_reqrep_ipc
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'
import { across, bounce } from './kit.ts'

across('REQ and REP bounce over ipc', { over: ['ipc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Reply())
  const client = add(new b.Request())
  client.connect(await bind(server))

  await bounce(server, client)
})

across('an unbind with messages that nobody read leaves no path behind', { over: ['ipc'] }, async scene => {
  const { a, b, add } = scene
  const server = add(new a.Reply())
  const client = add(new b.Dealer())
  await server.bind('ipc://*')
  const endpoint = server.lastEndpoint ?? ''
  const path = endpoint.slice('ipc://'.length)
  client.connect(endpoint)
  for (let sent = 0; sent < 100; sent++) await client.send(['', 'unread'])
  await server.receive()
  expect(existsSync(path)).toBe(true)

  await server.unbind(endpoint)
  server.close()

  await expect.poll(() => existsSync(path)).toBe(false)
  expect(existsSync(dirname(path))).toBe(false)
})

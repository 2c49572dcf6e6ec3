// libzmq: test_probe_router
import { expect } from 'vitest'
import { across, text } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a probing ROUTER shows itself to a ROUTER', over, async ({ a, b, add, bind }) => {
  const server = add(new a.Router())
  const client = add(new b.Router({ routingId: 'X', probeRouter: true }))
  client.connect(await bind(server))

  expect(await text(server)).toEqual(['X', ''])
  await server.send(['X', 'Hello'])

  expect((await text(client))[1]).toBe('Hello')
})

across('a probing DEALER shows itself to a ROUTER', over, async ({ a, b, add, bind }) => {
  const server = add(new a.Router())
  const client = add(new b.Dealer({ routingId: 'X', probeRouter: true }))
  client.connect(await bind(server))

  expect(await text(server)).toEqual(['X', ''])
  await server.send(['X', 'Hello'])

  expect(await text(client)).toEqual(['Hello'])
})

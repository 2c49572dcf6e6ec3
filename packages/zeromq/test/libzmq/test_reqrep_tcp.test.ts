// libzmq: test_reqrep_tcp
import { expect } from 'vitest'
import { across, bounce, Events, text } from './kit.ts'

across('REQ and REP bounce over IPv4', async ({ a, b, add, bind }) => {
  const server = add(new a.Reply())
  const client = add(new b.Request())
  client.connect(await bind(server))

  await bounce(server, client)
})

across('REQ and REP bounce over IPv6', async ({ a, b, add }) => {
  const server = add(new a.Reply({ ipv6: true }))
  const client = add(new b.Request({ ipv6: true }))
  await server.bind('tcp://[::1]:*')
  client.connect(server.lastEndpoint ?? '')

  await bounce(server, client)
})

across('a REQ with several REPs asks them in turn', async ({ a, b, add, bind }) => {
  const servers = [add(new a.Reply()), add(new a.Reply())]
  const client = add(new b.Request())
  const events = new Events(client)
  for (const [at, server] of servers.entries()) {
    client.connect(await bind(server))
    await events.count('handshake', at + 1)
  }

  for (let turn = 0; turn < 6; turn++) {
    const server = servers[turn % 2]
    if (server === undefined) throw new Error('two servers')
    await client.send(String(turn))
    expect(await text(server)).toEqual([String(turn)])
    await server.send('yes')
    expect(await text(client)).toEqual(['yes'])
  }
})

across('connecting twice to one port is one connection', async ({ a, b, add, bind }) => {
  const server = add(new a.Reply())
  const accepted = new Events(server)
  const client = add(new b.Request())
  const endpoint = await bind(server)
  client.connect(endpoint)
  client.connect(endpoint)

  await bounce(server, client)
  await bounce(server, client)

  expect(accepted.types.filter(type => type === 'accept')).toHaveLength(1)
})

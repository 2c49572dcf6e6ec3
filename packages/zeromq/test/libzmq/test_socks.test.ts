// libzmq: test_socks
import { expect } from 'vitest'
import { across, bounce, each, Events, nothing, portOf, raw } from './kit.ts'
import { socksServer, type SocksOptions } from './socks-server.ts'

const oursConnects = 'a native client aborts its process when its proxy hangs up'
const [socksUsername, socksPassword] = [99, 100]

each('the address of a proxy is kept, and taken back', ({ a, add }) => {
  const socket = add(new a.Dealer())
  expect(socket.socksProxy ?? '').toBe('')

  socket.socksProxy = '127.0.0.1:1080'
  expect(socket.socksProxy).toBe('127.0.0.1:1080')
  socket.socksProxy = null

  expect(socket.socksProxy ?? '').toBe('')
})

each('a name and a password are kept, and taken back', ({ a, add }) => {
  const options = raw(add(new a.Dealer()))

  options.setStringOption(socksUsername, 'someuser')
  options.setStringOption(socksPassword, 'somepass')
  expect([options.getStringOption(socksUsername), options.getStringOption(socksPassword)]).toEqual([
    'someuser',
    'somepass',
  ])
  expect(() => options.setStringOption(socksUsername, 'x'.repeat(256))).toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  )
  options.setStringOption(socksUsername, null)

  expect(options.getStringOption(socksUsername) ?? '').toBe('')
})

for (const [title, options, credentials] of [
  ['that asks for nothing', {}, undefined],
  ['that answers octet by octet', { fragmented: true }, undefined],
  ['that answers with a name', { replyType: 3 }, undefined],
  ['that answers with an IPv6 address', { replyType: 4 }, undefined],
  ['that asks for a password', { credentials: ['someuser', 'somepass'] }, ['someuser', 'somepass']],
  ['that asks for a password, octet by octet', { credentials: ['u', 'p'], fragmented: true }, ['u', 'p']],
  ['that does not ask though there is a password', {}, ['someuser', 'somepass']],
] as const satisfies readonly (readonly [string, SocksOptions, readonly [string, string] | undefined])[])
  across(`a connection through a proxy ${title}`, { oursConnects }, async scene => {
    const { a, b, add, bind } = scene
    const { address, asked } = await socksServer(scene, options)
    const server = add(new a.Dealer())
    const client = add(new b.Dealer({ socksProxy: address }))
    if (credentials !== undefined) {
      raw(client).setStringOption(socksUsername, credentials[0])
      raw(client).setStringOption(socksPassword, credentials[1])
    }
    const endpoint = await bind(server)
    client.connect(endpoint)

    await bounce(server, client)

    expect(asked).toEqual([`1 127.0.0.1:${portOf(endpoint)}`])
  })

across('a host name is resolved by the proxy', { oursConnects }, async scene => {
  const { a, b, add, bind } = scene
  const { address, asked } = await socksServer(scene)
  const server = add(new a.Dealer())
  const client = add(new b.Dealer({ socksProxy: address }))
  const port = portOf(await bind(server))
  client.connect(`tcp://localhost:${port}`)

  await bounce(server, client)

  expect(asked).toEqual([`3 localhost:${port}`])
})

for (const [title, options] of [
  ['that has no method to offer', { method: 9 }],
  ['that does not know the password', { credentials: ['someuser', 'somepass'] }],
  ['that cannot reach the host', { reply: 4 }],
] as const satisfies readonly (readonly [string, SocksOptions])[])
  across(`a proxy ${title} lets nothing through`, { oursConnects }, async scene => {
    const { a, b, add, bind } = scene
    const { address, asked } = await socksServer(scene, options)
    const server = add(new a.Dealer())
    const client = add(new b.Dealer({ socksProxy: address }))
    raw(client).setStringOption(socksUsername, 'someuser')
    raw(client).setStringOption(socksPassword, 'wrong')
    const events = new Events(server)
    client.connect(await bind(server))
    await client.send('let me through')

    await nothing(server, 100)

    expect(events.types).not.toContain('accept')
    expect(asked.length).toBeLessThan(50)
  })

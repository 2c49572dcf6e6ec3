// libzmq: test_unbind_wildcard
import { expect } from 'vitest'
import { across, each, Events, text } from './kit.ts'

for (const [title, address, ipv6] of [
  ['every IPv4 address', 'tcp://*:*', false],
  ['every IPv6 address', 'tcp://*:*', true],
  ['an IPv4 address and any port', 'tcp://127.0.0.1:*', false],
  ['an IPv6 address and any port', 'tcp://[::1]:*', true],
] as const)
  across(`a bind to ${title} is unbound, and left, by its last endpoint`, async ({ a, b, add }) => {
    const bound = add(new a.Reply({ ipv6 }))
    const client = add(new b.Request({ ipv6 }))
    const events = new Events(bound)
    await bound.bind(address)
    const endpoint = bound.lastEndpoint ?? ''
    client.connect(endpoint)
    expect(client.lastEndpoint).toBe(endpoint)
    await client.send('there')
    expect(await text(bound)).toEqual(['there'])
    await bound.send('back')
    expect(await text(client)).toEqual(['back'])

    client.disconnect(endpoint)
    await bound.unbind(endpoint)

    await events.next('close')
  })

each('an unbind of what was never bound is ENOENT', async ({ a, add }) => {
  const socket = add(new a.Reply())

  await expect((async () => socket.unbind('tcp://127.0.0.1:5'))()).rejects.toMatchObject({ code: 'ENOENT' })
})

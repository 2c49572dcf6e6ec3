// libzmq: test_connect_resolve
import { expect } from 'vitest'
import { across, bounce, each, portOf } from './kit.ts'

const einval = expect.objectContaining({ code: 'EINVAL' })

across('a host name is resolved', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  client.connect(`tcp://localhost:${portOf(await bind(server))}`)

  await bounce(server, client)
})

across('an IPv6 address in brackets connects', async ({ a, b, add }) => {
  const server = add(new a.Pair({ ipv6: true }))
  const client = add(new b.Pair({ ipv6: true }))
  await server.bind('tcp://[::1]:*')
  client.connect(server.lastEndpoint ?? '')

  await bounce(server, client)
})

each('a host name with spaces is EINVAL', ({ a, add }) => {
  expect(() => add(new a.Publisher()).connect('tcp://in val id:1234')).toThrow(einval)
})

each('a missing port is EINVAL', ({ a, add }) => {
  expect(() => add(new a.Publisher()).connect('tcp://localhost')).toThrow(einval)
  expect(() => add(new a.Publisher()).connect('tcp://localhost:')).toThrow(einval)
})

each('a port that is no number is EINVAL', ({ a, add }) => {
  expect(() => add(new a.Publisher()).connect('tcp://localhost:invalid')).toThrow(einval)
})

each('a transport nobody knows is EPROTONOSUPPORT', ({ a, add }) => {
  expect(() => add(new a.Publisher()).connect('invalid://localhost:1234')).toThrow(
    expect.objectContaining({ code: 'EPROTONOSUPPORT' }),
  )
})

// libzmq: test_tcp_accept_filter
import { expect } from 'vitest'
import { across, bounce, each, nothing } from './kit.ts'

for (const filter of ['127.0.0.1', '127.0.0.1/32', '127.0.0.1/8', '127.0.0.1/0', '0.0.0.0/0'])
  across(`a connection that matches ${filter} is taken`, async ({ a, b, add, bind }) => {
    const server = add(new a.Pair({ tcpAcceptFilter: filter }))
    const client = add(new b.Pair())
    client.connect(await bind(server))

    await bounce(server, client)
  })

for (const filter of ['227.0.0.1', '227.0.0.1/32', '128.0.0.0/1'])
  across(`a connection that does not match ${filter} is closed`, async ({ a, b, add, bind }) => {
    const server = add(new a.Pair({ tcpAcceptFilter: filter }))
    const client = add(new b.Pair())
    client.connect(await bind(server))
    await client.send('let me in')

    await nothing(server, 100)
  })

for (const filter of ['127.0.0.1/33', '127.0.0.1/-1', '127.0.0.1/', 'not an address', '/32'])
  each(`the filter ${filter} is EINVAL`, ({ a, add }) => {
    const server = add(new a.Pair())

    expect(() => (server.tcpAcceptFilter = filter)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  })

across('a second filter lets in more, and none lets in all', async ({ a, b, add, bind }) => {
  const server = add(new a.Pair({ tcpAcceptFilter: '227.0.0.1' }))
  server.tcpAcceptFilter = '127.0.0.1'
  const client = add(new b.Pair())
  client.connect(await bind(server))
  await bounce(server, client)
  const open = add(new a.Pair({ tcpAcceptFilter: '227.0.0.1' }))

  open.tcpAcceptFilter = null

  const other = add(new b.Pair())
  other.connect(await bind(open))
  await bounce(open, other)
})

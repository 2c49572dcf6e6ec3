// libzmq: test_router_notify
import { expect } from 'vitest'
import { connect } from 'node:net'
import { across, each, nothing, portOf, raw, text } from './kit.ts'

const routerNotify = 97
const over = { over: ['tcp', 'ipc'] } as const

each('notifications can be set, read and refused', ({ a, add }) => {
  const router = add(new a.Router())
  const dealer = add(new a.Dealer())

  expect(raw(router).getInt32Option(routerNotify)).toBe(0)
  for (const value of [1, 2, 3, 0]) {
    raw(router).setInt32Option(routerNotify, value)
    expect(raw(router).getInt32Option(routerNotify)).toBe(value)
  }

  expect(() => raw(router).setInt32Option(routerNotify, -1)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  expect(() => raw(dealer).setInt32Option(routerNotify, 1)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
})

across('a ROUTER that asked hears who connects', over, async ({ a, b, add, bind }) => {
  const router = add(new a.Router())
  raw(router).setInt32Option(routerNotify, 1)
  const dealer = add(new b.Dealer({ routingId: 'X' }))
  const endpoint = await bind(router)

  dealer.connect(endpoint)

  expect(await text(router)).toEqual(['X', ''])
  await dealer.send('Hello')
  expect(await text(router)).toEqual(['X', 'Hello'])
  dealer.close()
  await nothing(router)
})

across('a ROUTER that asked hears who leaves', over, async ({ a, b, add, bind }) => {
  const router = add(new a.Router())
  raw(router).setInt32Option(routerNotify, 2)
  const dealer = add(new b.Dealer({ routingId: 'X' }))
  dealer.connect(await bind(router))
  await dealer.send('Hello')
  expect(await text(router)).toEqual(['X', 'Hello'])

  dealer.close()

  expect(await text(router)).toEqual(['X', ''])
})

across('a ROUTER that asked for both hears both, messages between', over, async ({ a, b, add, bind }) => {
  const router = add(new a.Router())
  raw(router).setInt32Option(routerNotify, 3)
  const dealer = new b.Dealer({ routingId: 'X', linger: 1_000 })
  dealer.connect(await bind(router))
  expect(await text(router)).toEqual(['X', ''])

  await dealer.send(['Hello', 'World'])
  dealer.close()

  expect(await text(router)).toEqual(['X', 'Hello', 'World'])
  expect(await text(router)).toEqual(['X', ''])
})

each('a peer whose handshake fails is not heard of', async ({ a, add, bind }) => {
  const router = add(new a.Router())
  raw(router).setInt32Option(routerNotify, 3)
  const peer = connect(portOf(await bind(router)), '127.0.0.1')
  peer.on('error', () => {})
  const gone = new Promise(resolve => peer.once('close', resolve))
  peer.resume()
  peer.write(Buffer.from('ff00000000000000017f03004e554c4c', 'hex'))
  peer.end(Buffer.alloc(200, 0xee))
  await gone

  await nothing(router)
})

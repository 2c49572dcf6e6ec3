// libzmq: test_hello_msg
import { expect } from 'vitest'
import { across, raw } from './kit.ts'

const helloMessage = 110

across(
  'a ROUTER greets every DEALER that connects',
  { over: ['tcp', 'ipc', 'inproc'] },
  async ({ a, b, add, bind }) => {
    const router = add(new a.Router())
    raw(router).setStringOption(helloMessage, 'H')
    const dealer = add(new b.Dealer())
    dealer.connect(await bind(router))

    expect((await dealer.receive()).map(String)).toEqual(['H'])
  },
)

across('a SERVER greets a CLIENT that connected before it bound', { over: ['tcp', 'inproc'] }, async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const client = add(new b.Client({ reconnectInterval: 20 }))
  client.connect(endpoint)
  const server = add(new a.Server())
  raw(server).setStringOption(helloMessage, 'W')

  await server.bind(endpoint)

  expect((await client.receive()).map(String)).toEqual(['W'])
})

across('a DEALER that connects greets too', { over: ['tcp', 'inproc'] }, async ({ a, b, add, bind }) => {
  const router = add(new a.Router())
  const dealer = add(new b.Dealer({ routingId: 'X' }))
  raw(dealer).setStringOption(helloMessage, 'H')
  dealer.connect(await bind(router))

  expect((await router.receive()).map(String)).toEqual(['X', 'H'])
})

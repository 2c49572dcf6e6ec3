// libzmq: test_hiccup_msg
import { expect } from 'vitest'
import { across, raw } from './kit.ts'

const hiccupMessage = 114

across('a CLIENT hears its hiccup message when the connection drops', async ({ a, b, add, bind }) => {
  const server = add(new a.Server())
  const client = add(new b.Client())
  raw(client).setStringOption(hiccupMessage, 'HICCUP')
  const endpoint = await bind(server)
  client.connect(endpoint)
  await client.send('X')
  await server.receive()

  server.close()

  expect((await client.receive()).map(String)).toEqual(['HICCUP'])
})

across('a DEALER hears its hiccup message when the ROUTER goes', async ({ a, b, add, bind }) => {
  const router = add(new a.Router())
  const dealer = add(new b.Dealer({ routingId: 'X' }))
  raw(dealer).setStringOption(hiccupMessage, 'HICCUP')
  dealer.connect(await bind(router))
  await dealer.send('X')
  await router.receive()

  router.close()

  expect((await dealer.receive()).map(String)).toEqual(['HICCUP'])
})

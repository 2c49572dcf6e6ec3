// libzmq: test_connect_null_fuzzer
import { bounce, drain, each } from './kit.ts'
import { answerWith, hostile } from './fuzz-targets.ts'

each('a connecting socket outlives whatever it is answered', async scene => {
  const { a, add, bind } = scene
  const client = add(new a.Dealer({ reconnectInterval: -1 }))

  await answerWith(scene, fresh(client), hostile(6, 'NULL'))

  const server = add(new a.Dealer())
  client.connect(await bind(server))
  // Some of it was well said, and is heard.
  await drain(client, 20)
  await bounce(server, client)
})

// A DEALER connects to an endpoint only once: leave it first.
function fresh(client: {
  connect(endpoint: string): void
  disconnect(endpoint: string): void
}): (endpoint: string) => void {
  return endpoint => {
    try {
      client.disconnect(endpoint)
    } catch {
      // Gone already: its reconnection is off.
    }
    client.connect(endpoint)
  }
}

// libzmq: test_bind_null_fuzzer
import { bounce, drain, each } from './kit.ts'
import { hostile, throwAt } from './fuzz-targets.ts'

each('a bound NULL socket outlives whatever octets it is sent', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Dealer({ handshakeInterval: 2_000 }))

  const endpoint = await bind(server)

  await throwAt(scene, server, hostile(1, 'NULL'))

  const honest = add(new a.Dealer())

  honest.connect(endpoint)
  // Some of it was well said, and is heard.
  await drain(server, 20)
  await bounce(server, honest)
})

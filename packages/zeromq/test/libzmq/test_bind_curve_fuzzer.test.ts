// libzmq: test_bind_curve_fuzzer
import { bounce, drain, each } from './kit.ts'
import { hostile, throwAt } from './fuzz-targets.ts'
import { ask, keys, serve } from './security.ts'

each('a bound CURVE socket outlives whatever octets it is sent', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Dealer({ handshakeInterval: 2_000 }))
  const pair = keys(a)
  serve(server, 'CURVE', pair, '')
  const endpoint = await bind(server)

  await throwAt(scene, server, hostile(2, 'CURVE'))

  const honest = add(new a.Dealer())
  ask(honest, 'CURVE', pair)
  honest.connect(endpoint)
  // Some of it was well said, and is heard.
  await drain(server, 20)
  await bounce(server, honest)
})

// libzmq: test_connect_curve_fuzzer
import { bounce, drain, each } from './kit.ts'
import { answerWith, fresh, hostile } from './fuzz-targets.ts'
import { ask, keys, serve } from './security.ts'

each('a connecting CURVE client outlives whatever it is answered', async scene => {
  const { a, add, bind } = scene
  const pair = keys(a)
  const client = add(new a.Dealer({ reconnectInterval: -1 }))
  ask(client, 'CURVE', pair)

  await answerWith(scene, fresh(client), hostile(7, 'CURVE'))

  const server = add(new a.Dealer())
  serve(server, 'CURVE', pair, '')
  client.connect(await bind(server))
  // Some of it was well said, and is heard.
  await drain(client, 20)
  await bounce(server, client)
})

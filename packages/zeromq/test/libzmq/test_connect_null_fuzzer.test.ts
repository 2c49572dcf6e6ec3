// libzmq: test_connect_null_fuzzer
import { bounce, drain, each } from './kit.ts'
import { answerWith, fresh, hostile } from './fuzz-targets.ts'

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

// libzmq: test_connect_stream_fuzzer
import { expect } from 'vitest'
import { attend, each } from './kit.ts'
import { hostile } from './fuzz-targets.ts'
import { WireServer } from './wire-peer.ts'

each(
  'a connecting STREAM passes on whatever it is answered',
  { oursOnly: 'the native package loses what comes right before the end' },
  async scene => {
    const { a, add } = scene
    const server = await WireServer.listen(scene)
    for (const input of hostile(8, 'NULL')) {
      const client = add(new a.Stream({ reconnectInterval: -1 }))
      client.connect(server.endpoint)
      const peer = await server.next()
      peer.write(input)
      peer.end()
      let seen = 0

      while (seen < input.length) seen += (await attend(client))?.[1]?.length ?? Number.POSITIVE_INFINITY

      expect(seen).toBe(input.length)
      client.close()
    }
  },
)

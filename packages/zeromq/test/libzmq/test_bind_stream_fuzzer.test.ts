// libzmq: test_bind_stream_fuzzer
import { expect } from 'vitest'
import { attend, each, portOf } from './kit.ts'
import { hostile, throwAt } from './fuzz-targets.ts'
import { WirePeer } from './wire-peer.ts'

each('a bound STREAM passes on whatever octets it is sent', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Stream())
  server.receiveTimeout = -1
  const endpoint = await bind(server)
  let seen = 0
  const reading = (async () => {
    for (;;) {
      const got = await attend(server)
      if (got === undefined) return
      seen += got[1]?.length ?? 0
      if (got[1]?.includes('THE END') === true) return
    }
  })()
  let sent = 0

  const inputs = [...hostile(3, 'NULL')]
  for (const input of inputs) sent += input.length
  await throwAt(scene, server, inputs)
  const last = await WirePeer.connect(portOf(endpoint), scene)
  last.write('THE END')
  await reading

  expect(seen).toBe(sent + 'THE END'.length)
})

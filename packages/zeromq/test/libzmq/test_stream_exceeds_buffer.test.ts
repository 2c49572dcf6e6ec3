// libzmq: test_stream_exceeds_buffer
import { expect } from 'vitest'
import { across, each, portOf } from './kit.ts'
import { WirePeer } from './wire-peer.ts'

each('more than a batch arrives in pieces, whole and in order', async scene => {
  const { a, add, bind } = scene
  const stream = add(new a.Stream())
  const peer = await WirePeer.connect(portOf(await bind(stream)), scene)
  await stream.receive()
  const sent = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))

  peer.write(sent)

  const pieces: Buffer[] = []
  for (let got = 0; got < sent.length;) {
    const [, piece] = await stream.receive()
    expect(piece.length).toBeLessThanOrEqual(8192)
    pieces.push(piece)
    got += piece.length
  }
  expect(Buffer.concat(pieces).equals(sent)).toBe(true)
})

across('a frame of 60 KB goes from STREAM to STREAM', async ({ a, b, add, bind }) => {
  const server = add(new a.Stream())
  const client = add(new b.Stream())
  client.connect(await bind(server))
  const [id] = await server.receive()
  await client.receive()
  const sent = Buffer.alloc(60_000, 'abc')

  await server.send([id, sent])

  let got = 0
  while (got < sent.length) got += (await client.receive())[1].length
  expect(got).toBe(sent.length)
})

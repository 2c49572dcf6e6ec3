// libzmq: test_stream_empty
import { expect } from 'vitest'
import { each, portOf } from './kit.ts'
import { WirePeer } from './wire-peer.ts'

each('an empty frame to a peer that went is harmless', async scene => {
  const { a, add, bind } = scene
  const stream = add(new a.Stream())
  const peer = await WirePeer.connect(portOf(await bind(stream)), scene)
  const [id, opened] = await stream.receive()
  expect(opened.length).toBe(0)
  peer.write('first')
  expect((await stream.receive())[1].toString()).toBe('first')

  peer.destroy()
  await peer.closed
  await (async () => stream.send([id, '']))().catch((error: { code: string }) =>
    expect(['EHOSTUNREACH', 'EAGAIN']).toContain(error.code),
  )

  const next = await WirePeer.connect(portOf(stream.lastEndpoint ?? ''), scene)
  next.write('second')
  for (;;) {
    const [, data] = await stream.receive()
    if (data.toString() === 'second') break
    expect(data.length).toBe(0)
  }
})

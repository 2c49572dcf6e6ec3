// libzmq: test_stream_timeout
import { expect } from 'vitest'
import { each, Events, portOf } from './kit.ts'
import { WirePeer, WireServer } from './wire-peer.ts'

each('a peer that connects and says nothing is cut off', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Dealer({ handshakeInterval: 60 }))
  const events = new Events(server)
  const peer = await WirePeer.connect(portOf(await bind(server)), scene)

  await peer.closed

  expect(events.types.slice(0, 2)).toEqual(['bind', 'accept'])
  await events.next('handshake:error:other')
})

each('a peer that is connected to and says nothing is left', async scene => {
  const { a, add } = scene
  const silent = await WireServer.listen(scene)
  const client = add(new a.Dealer({ handshakeInterval: 60 }))
  const events = new Events(client)
  client.connect(silent.endpoint)
  const peer = await silent.next()

  await peer.closed

  expect(events.types).toContain('connect')
  await events.next('handshake:error:other')
})

each('a STREAM is not bound by the interval of a handshake', async scene => {
  const { a, add, bind } = scene
  const stream = add(new a.Stream({ handshakeInterval: 20 }))
  const control = add(new a.Dealer({ handshakeInterval: 60 }))
  const peer = await WirePeer.connect(portOf(await bind(stream)), scene)
  const [id] = await stream.receive()
  const other = await WirePeer.connect(portOf(await bind(control)), scene)
  await other.closed

  await stream.send([id, 'still here'])

  expect((await peer.read(10)).toString()).toBe('still here')
})

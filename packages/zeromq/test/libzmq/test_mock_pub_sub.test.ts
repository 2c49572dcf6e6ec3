// libzmq: test_mock_pub_sub
import { expect } from 'vitest'
import { each, portOf, text } from './kit.ts'
import { command, commandBody, message, WirePeer, WireServer } from './wire-peer.ts'

each('a subscriber of octets subscribes with a command', async scene => {
  const { a, add, bind } = scene
  const pub = add(new a.XPublisher())
  const peer = await WirePeer.connect(portOf(await bind(pub)), scene)
  await peer.handshake('SUB')

  peer.write(command('SUBSCRIBE', 'A'))
  expect(await text(pub)).toEqual(['\u0001A'])
  await pub.send('ALOL')

  expect(await peer.data()).toEqual({ flags: 0, body: Buffer.from('ALOL') })
  peer.write(command('CANCEL', 'A'))
  expect(await text(pub)).toEqual(['\u0000A'])
})

each('a subscriber of octets subscribes with a message, as ZMTP 3.0 does', async scene => {
  const { a, add, bind } = scene
  const pub = add(new a.XPublisher())
  const peer = await WirePeer.connect(portOf(await bind(pub)), scene)
  await peer.handshake('SUB', { minor: 0 })

  peer.write(message('\u0001A'))
  expect(await text(pub)).toEqual(['\u0001A'])
  await pub.send(['ALOL', 'body'])

  expect(await peer.data()).toEqual({ flags: 1, body: Buffer.from('ALOL') })
  expect(await peer.data()).toEqual({ flags: 0, body: Buffer.from('body') })
})

for (const minor of [0, 1])
  each(`a publisher of octets that speaks 3.${minor} hears a subscription and is heard`, async scene => {
    const { a, add } = scene
    const server = await WireServer.listen(scene)
    const sub = add(new a.Subscriber())
    sub.connect(server.endpoint)
    const peer = await server.next()
    await peer.handshake('PUB', { minor })

    sub.subscribe('A')

    const expected =
      minor === 0 ? { flags: 0, body: Buffer.from('\u0001A') } : { flags: 4, body: commandBody('SUBSCRIBE', 'A') }
    expect(await peer.data()).toEqual(expected)
    peer.write(message('B not for you'), message('ALOL'))
    expect(await text(sub)).toEqual(['ALOL'])
    sub.unsubscribe('A')
    const cancelled =
      minor === 0 ? { flags: 0, body: Buffer.from('\u0000A') } : { flags: 4, body: commandBody('CANCEL', 'A') }
    expect(await peer.data()).toEqual(cancelled)
  })

each('an XSUB that subscribes with a message of its own sends a message', async scene => {
  const { a, add } = scene
  const server = await WireServer.listen(scene)
  const sub = add(new a.XSubscriber())
  sub.connect(server.endpoint)
  const peer = await server.next()
  await peer.handshake('PUB')

  await sub.send('\u0001A')

  expect(['\u0001A', '\tSUBSCRIBEA']).toContain((await peer.data()).body.toString())
})

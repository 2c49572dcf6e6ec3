// libzmq: test_security_null
import { expect } from 'vitest'
import { across, bounce, each, Events, portOf } from './kit.ts'
import { ownContext } from './security.ts'
import { greeting, message, WirePeer } from './wire-peer.ts'
import { verdict, zapHandler } from './zap-handler.ts'

across('without a domain nobody is asked', async scene => {
  const { a, b, add, bind } = scene
  const context = ownContext(scene, a)
  const { requests } = await zapHandler(scene, a, context, request => verdict(request, '400'))
  const server = add(new a.Dealer({ context }))
  const client = add(new b.Dealer())
  client.connect(await bind(server))

  await bounce(server, client)

  expect(requests).toEqual([])
})

across('with a domain the handler is asked, and told about the peer', async scene => {
  const { a, b, add, bind } = scene
  const context = ownContext(scene, a)
  const { requests } = await zapHandler(scene, a, context, request => verdict(request, '200'))
  const server = add(new a.Dealer({ context, zapDomain: 'TEST', routingId: 'IDENT' }))
  const client = add(new b.Dealer())
  client.connect(await bind(server))

  await bounce(server, client)

  expect(requests).toMatchObject([
    { version: '1.0', domain: 'TEST', address: '127.0.0.1', routingId: 'IDENT', mechanism: 'NULL', credentials: [] },
  ])
})

across('a domain that the handler does not know keeps out', async scene => {
  const { a, b, add, bind } = scene
  const context = ownContext(scene, a)
  await zapHandler(scene, a, context, request => verdict(request, request.domain === 'TEST' ? '200' : '400'))
  const server = add(new a.Dealer({ context, zapDomain: 'WRONG' }))
  const client = add(new b.Dealer())
  const [here, there] = [new Events(server), new Events(client)]
  client.connect(await bind(server))

  expect(await here.next('handshake:error:auth')).toMatchObject({ error: { status: 400 } })
  expect(await there.next('handshake:error:auth')).toMatchObject({ error: { status: 400 } })
})

each('a peer that speaks ZMTP 1.0 does not get round the handler', async scene => {
  const { a, add, bind } = scene
  const context = ownContext(scene, a)
  await zapHandler(scene, a, context, request => verdict(request, '200'))
  const server = add(new a.Dealer({ context, zapDomain: 'TEST' }))
  const peer = await WirePeer.connect(portOf(await bind(server)), scene)

  peer.write(Buffer.from([1, 0]), Buffer.from([6, 0]), 'hello')

  await peer.closed
})

each('a peer that skips its READY is cut off', async scene => {
  const { a, add, bind } = scene
  const server = add(new a.Dealer())
  const events = new Events(server)
  const peer = await WirePeer.connect(portOf(await bind(server)), scene)

  peer.write(greeting(), message('hello'))

  await peer.closed
  expect(events.types).not.toContain('handshake')
})

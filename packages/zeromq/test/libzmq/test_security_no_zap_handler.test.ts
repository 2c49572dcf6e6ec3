// libzmq: test_security_no_zap_handler
import { expect } from 'vitest'
import { across, bounce, Events } from './kit.ts'
import { ask, keys, ownContext, serve } from './security.ts'

for (const mechanism of ['NULL', 'CURVE'] as const)
  across(`${mechanism} without a handler lets in`, async scene => {
    const { a, b, add, bind } = scene
    const pair = keys(a)
    const server = add(new a.Dealer({ context: ownContext(scene, a) }))
    serve(server, mechanism, pair, mechanism === 'NULL' ? '' : 'global')
    const client = add(new b.Dealer())
    ask(client, mechanism, pair)
    client.connect(await bind(server))

    await bounce(server, client)
  })

for (const mechanism of ['NULL', 'CURVE'] as const)
  across(`${mechanism} without a handler keeps out where the domain is enforced`, async scene => {
    const { a, b, add, bind } = scene
    const pair = keys(a)
    const server = add(new a.Dealer({ context: ownContext(scene, a) }))
    serve(server, mechanism, pair)
    server.zapEnforceDomain = true
    const client = add(new b.Dealer())
    ask(client, mechanism, pair)
    const events = new Events(server)
    client.connect(await bind(server))

    await events.next('handshake:error:other')

    expect(events.types).not.toContain('handshake')
  })

across('PLAIN without a handler never lets in', async scene => {
  const { a, b, add, bind } = scene
  const pair = keys(a)
  const server = add(new a.Dealer({ context: ownContext(scene, a) }))
  serve(server, 'PLAIN', pair, '')
  const client = add(new b.Dealer())
  ask(client, 'PLAIN', pair)
  const events = new Events(server)
  client.connect(await bind(server))

  await events.next('handshake:error:other')

  expect(events.types).not.toContain('handshake')
})

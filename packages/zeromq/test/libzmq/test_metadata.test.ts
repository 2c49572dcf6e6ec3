// libzmq: test_metadata
import { expect } from 'vitest'
import { receiveFrom } from '@millrace/zeromq/extra'
import { across, each } from './kit.ts'
import { keys, ownContext, serve, ask } from './security.ts'
import { zapHandler } from './zap-handler.ts'

const oursBinds = 'the v6 API has no way to read the properties of a message'

for (const mechanism of ['NULL', 'CURVE'] as const)
  across(`a message carries what the handler said of its peer, ${mechanism}`, { oursBinds }, async scene => {
    const { a, b, add, bind } = scene
    const context = ownContext(scene, a)
    const pair = keys(a)
    await zapHandler(scene, a, context, ({ id }) => [
      '1.0',
      id,
      '200',
      'OK',
      'anonymous',
      '\u0005Hello\0\0\0\u0005World',
    ])
    const server = add(new a.Dealer({ context }))
    serve(server, mechanism, pair)
    const client = add(new b.Dealer())
    ask(client, mechanism, pair)
    client.connect(await bind(server))
    await client.send('This is a message')

    const { frames, peer } = await receiveFrom(server as never)

    expect(frames.map(String)).toEqual(['This is a message'])
    const { properties } = peer
    expect(properties['Hello']).toBe('World')
    expect(properties['User-Id']).toBe('anonymous')
    expect(properties['Socket-Type']).toBe('DEALER')
    expect(properties['No Such']).toBeUndefined()
  })

each(
  'a ROUTER keeps the properties of a message beside its routing id',
  { oursOnly: oursBinds },
  async ({ a, add, bind }) => {
    const router = add(new a.Router())
    const dealer = add(new a.Dealer({ routingId: 'X' }))
    dealer.connect(await bind(router))
    await dealer.send('body')

    const { frames, peer } = await receiveFrom(router as never)

    expect(frames.map(String)).toEqual(['X', 'body'])
    expect([peer.properties['Socket-Type'], peer.address]).toEqual(['DEALER', '127.0.0.1'])
  },
)

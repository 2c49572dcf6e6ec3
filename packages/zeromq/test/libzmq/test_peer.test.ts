// libzmq: test_peer
import { expect } from 'vitest'
import { Peer } from '@millrace/zeromq/extra'
import { each } from './kit.ts'

const oursOnly = 'the v6 API has no PEER'

each(
  'a PEER that connects is told the routing id of the other',
  { oursOnly, over: ['tcp', 'ipc', 'inproc'] },
  async scene => {
    const { add, bind } = scene
    const one = add(new Peer() as never) as unknown as InstanceType<typeof Peer>
    const two = add(new Peer() as never) as unknown as InstanceType<typeof Peer>
    const endpoint = await bind(two as never)

    const routingId = one.connectPeer(endpoint)
    expect(routingId).toBeGreaterThan(0)
    await one.send('X', { routingId })
    const [request, { routingId: whose }] = await two.receive()
    expect(request.toString()).toBe('X')
    await two.send('Y', { routingId: whose })

    const [reply, { routingId: from }] = await one.receive()
    expect([reply.toString(), from]).toEqual(['Y', routingId])
  },
)

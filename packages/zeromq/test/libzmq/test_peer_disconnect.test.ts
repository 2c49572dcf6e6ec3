// libzmq: test_peer_disconnect
import { expect } from 'vitest'
import { Peer } from '@millrace/zeromq/extra'
import { each } from './kit.ts'

const oursOnly = 'the v6 API has no PEER'

each('one peer is sent away by its routing id, the others stay', { oursOnly, over: ['tcp', 'inproc'] }, async scene => {
  const { add, bind } = scene
  const made = (): InstanceType<typeof Peer> => add(new Peer() as never) as unknown as InstanceType<typeof Peer>
  const [hub, first, second] = [made(), made(), made()]
  const one = hub.connectPeer(await bind(first as never))
  const two = hub.connectPeer(await bind(second as never))
  await hub.send('hello', { routingId: one })
  await hub.send('hello', { routingId: two })
  await first.receive()
  await second.receive()

  hub.disconnectPeer(one)

  await expect((async () => hub.send('gone', { routingId: one }))()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  await hub.send('still there', { routingId: two })
  expect((await second.receive())[0].toString()).toBe('still there')
  expect(() => hub.disconnectPeer(one)).toThrow(expect.objectContaining({ code: 'EHOSTUNREACH' }))
})

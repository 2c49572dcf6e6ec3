// libzmq: test_invalid_rep
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('a REQ behind a ROUTER passes over what is not a reply', { over: ['inproc', 'tcp'] }, async scene => {
  const { a, b, add, bind } = scene
  const router = add(new a.Router())
  const req = add(new b.Request())
  req.connect(await bind(router))
  await req.send('r')
  const [id = Buffer.alloc(0), delimiter, body] = await router.receive()
  expect([delimiter?.length, body?.toString()]).toEqual([0, 'r'])

  await router.send([id, 'b'])
  if (scene.transport === 'inproc') {
    // Over inproc the malformed reply is passed over; elsewhere it costs its sender the connection.
    await router.send([id, '', 'b'])
    expect(await text(req)).toEqual(['b'])
  }
})

across(
  'a REP drops a request that has no delimiter',
  { over: ['inproc', 'tcp', 'ipc'] },
  async ({ a, b, add, bind }) => {
    const rep = add(new a.Reply())
    const dealer = add(new b.Dealer())
    dealer.connect(await bind(rep))

    await dealer.send(['no', 'delimiter'])
    await dealer.send(['', 'good'])

    expect(await text(rep)).toEqual(['good'])
    await rep.send('reply')
    expect(await text(dealer)).toEqual(['', 'reply'])
  },
)

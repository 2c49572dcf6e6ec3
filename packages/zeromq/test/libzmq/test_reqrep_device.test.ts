// libzmq: test_reqrep_device
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across(
  'REQ and REP talk through a ROUTER and a DEALER that are pumped by hand',
  { over: ['tcp', 'ipc', 'inproc'] },
  async scene => {
    const { a, b, add, bind } = scene
    const dealer = add(new a.Dealer())
    const router = add(new a.Router())
    const rep = add(new b.Reply())
    const req = add(new b.Request())
    rep.connect(await bind(dealer))
    req.connect(await bind(router))

    await req.send(['ABC', 'DEF'])
    const request = await router.receive()
    expect(request).toHaveLength(4)
    await dealer.send(request)
    expect(await text(rep)).toEqual(['ABC', 'DEF'])
    await rep.send(['GHI', 'JKL'])
    await router.send(await dealer.receive())

    expect(await text(req)).toEqual(['GHI', 'JKL'])
  },
)

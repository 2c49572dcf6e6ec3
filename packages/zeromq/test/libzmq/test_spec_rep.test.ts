// libzmq: test_spec_rep (RFC 28)
import { expect } from 'vitest'
import { across, connected, text } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a REP serves every peer in turn and answers the one that asked', over, async scene => {
  const { a, b, add } = scene
  const rep = add(new a.Reply())
  const reqs = Array.from({ length: 5 }, () => add(new b.Request()))
  await connected(scene, rep, reqs)

  for (let round = 0; round < 2; round++) {
    for (const [name, req] of reqs.entries()) await req.send(`${round}-${name}`)
    for (let served = 0; served < reqs.length; served++) await rep.send([...(await text(rep)), 'answered'])
    for (const [name, req] of reqs.entries()) expect(await text(req)).toEqual([`${round}-${name}`, 'answered'])
  }
})

across('a REP keeps the envelope for itself, however many addresses it has', over, async ({ a, b, add, bind }) => {
  const rep = add(new a.Reply())
  const dealer = add(new b.Dealer())
  dealer.connect(await bind(rep))

  await dealer.send(['X', 'Y', '', 'A'])
  expect(await text(rep)).toEqual(['A'])
  await rep.send('A')

  expect(await text(dealer)).toEqual(['X', 'Y', '', 'A'])
})

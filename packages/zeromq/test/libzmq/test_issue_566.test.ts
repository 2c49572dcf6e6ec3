// libzmq: test_issue_566
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('a ROUTER reaches a hundred new DEALERs, one after another', async ({ a, b, add, bind }) => {
  const router = add(new a.Router({ mandatory: true }))
  const endpoint = await bind(router)
  for (let cycle = 0; cycle < 100; cycle++) {
    const dealer = new b.Dealer({ routingId: `cycle-${cycle}`, linger: 0, receiveTimeout: 5_000 })
    dealer.connect(endpoint)
    await dealer.send('here')
    expect(await text(router)).toEqual([`cycle-${cycle}`, 'here'])

    await router.send([`cycle-${cycle}`, 'HELLO'])

    expect(await text(dealer)).toEqual(['HELLO'])
    dealer.close()
  }
})

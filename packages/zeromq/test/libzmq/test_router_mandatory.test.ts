// libzmq: test_router_mandatory
import { expect } from 'vitest'
import { across, each, text } from './kit.ts'

across(
  'a mandatory ROUTER says whom it cannot reach',
  { over: ['tcp', 'ipc', 'inproc'] },
  async ({ a, b, add, bind }) => {
    const router = add(new a.Router())
    const endpoint = await bind(router)
    await router.send(['UNKNOWN', 'dropped'])
    router.mandatory = true

    await expect((async () => router.send(['UNKNOWN', 'refused']))()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    const dealer = add(new b.Dealer({ routingId: 'X' }))
    dealer.connect(endpoint)
    await dealer.send('Hello')
    expect(await text(router)).toEqual(['X', 'Hello'])
    await router.send(['X', 'Hello'])

    expect(await text(dealer)).toEqual(['Hello'])
  },
)

across('a peer that left cannot be reached', { over: ['tcp', 'ipc', 'inproc'] }, async ({ a, b, add, bind }) => {
  const router = add(new a.Router({ mandatory: true }))
  const dealer = add(new b.Dealer({ routingId: 'X' }))
  dealer.connect(await bind(router))
  await dealer.send('Hello')
  await text(router)

  dealer.close()

  await expect
    .poll(async () => {
      try {
        await router.send(['X', 'gone?'])
        return 'sent'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    .toBe('EHOSTUNREACH')
})

each('a ROUTER that is not mandatory drops in silence', async ({ a, add, bind }) => {
  const router = add(new a.Router())
  await bind(router)

  await expect(router.send(['nobody', 'hears'])).resolves.toBeUndefined()
})

// libzmq: test_spec_router (RFC 28)
import { expect } from 'vitest'
import { across, connected, nothing, text } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a ROUTER takes from every peer, under its name', over, async scene => {
  const { a, b, add } = scene
  const router = add(new a.Router())
  const dealers = ['A', 'B', 'C'].map(routingId => add(new b.Dealer({ routingId })))
  await connected(scene, router, dealers)
  for (const dealer of dealers) for (let sent = 0; sent < 3; sent++) await dealer.send(['M', String(sent)])

  const seen = new Map<string, string[]>()
  for (let received = 0; received < 9; received++) {
    const [id = '', , body = ''] = await text(router)
    seen.set(id, [...(seen.get(id) ?? []), body])
  }

  expect(Object.fromEntries(seen)).toEqual({ A: ['0', '1', '2'], B: ['0', '1', '2'], C: ['0', '1', '2'] })
})

across(
  'what was queued for a peer that left is not given to the next of its name',
  over,
  async ({ a, b, add, bind }) => {
    const router = add(new a.Router({ mandatory: true }))
    const endpoint = await bind(router)
    const first = add(new b.Dealer({ routingId: 'B', linger: 0 }))
    first.connect(endpoint)
    await first.send('hello')
    expect(await text(router)).toEqual(['B', 'hello'])
    await router.send(['B', 'ABC'])
    first.close()
    const second = add(new b.Dealer({ routingId: 'B' }))
    await expect
      .poll(() =>
        router.send(['B', 'gone?']).then(
          () => 'sent',
          (error: { code: string }) => error.code,
        ),
      )
      .toBe('EHOSTUNREACH')

    second.connect(endpoint)
    await second.send('hello')

    expect(await text(router)).toEqual(['B', 'hello'])
    await nothing(second)
  },
)

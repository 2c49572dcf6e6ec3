// libzmq: test_router_handover
import { expect } from 'vitest'
import { across, nothing, text } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('with handover the newest peer has the name', over, async ({ a, b, add, bind }) => {
  const router = add(new a.Router({ handover: true, mandatory: true }))
  const first = add(new b.Dealer({ routingId: 'X' }))
  const second = add(new b.Dealer({ routingId: 'X' }))
  const endpoint = await bind(router)
  first.connect(endpoint)
  await first.send('Hello')
  expect(await text(router)).toEqual(['X', 'Hello'])

  second.connect(endpoint)
  await second.send('Hello')
  expect(await text(router)).toEqual(['X', 'Hello'])
  await router.send(['X', 'Hello'])

  expect(await text(second)).toEqual(['Hello'])
  await nothing(first)
})

across('without handover the first peer keeps its name', over, async ({ a, b, add, bind }) => {
  const router = add(new a.Router({ mandatory: true }))
  const first = add(new b.Dealer({ routingId: 'X' }))
  const second = add(new b.Dealer({ routingId: 'X' }))
  const endpoint = await bind(router)
  first.connect(endpoint)
  await first.send('Hello')
  expect(await text(router)).toEqual(['X', 'Hello'])

  second.connect(endpoint)
  await second.send('unheard')
  await nothing(router)
  await router.send(['X', 'still you'])

  expect(await text(first)).toEqual(['still you'])
})

across('a handover while messages of many parts wait loses none of their parts', over, async ({ a, b, add, bind }) => {
  const router = add(new a.Router({ handover: true }))
  const first = add(new b.Dealer({ routingId: 'X' }))
  const second = add(new b.Dealer({ routingId: 'X' }))
  const endpoint = await bind(router)
  first.connect(endpoint)
  await first.send(['1', '2', '3'])
  expect(await text(router)).toEqual(['X', '1', '2', '3'])
  for (let sent = 0; sent < 10; sent++) await first.send(['old', '2', '3'])

  second.connect(endpoint)
  await second.send(['new', '2', '3'])

  for (;;) {
    const message = await text(router)
    expect(message).toHaveLength(4)
    expect(message.slice(2)).toEqual(['2', '3'])
    if (message[1] === 'new') break
  }
})

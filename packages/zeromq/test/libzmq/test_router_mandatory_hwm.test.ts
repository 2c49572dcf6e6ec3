// libzmq: test_router_mandatory_hwm
import { expect } from 'vitest'
import { across, drain, fill, text } from './kit.ts'

const body = Buffer.alloc(65_536)

across('a mandatory ROUTER takes what its marks and the kernel hold, and goes on when that was read', async scene => {
  const { a, b, add, bind } = scene
  const router = add(new a.Router({ mandatory: true, sendHighWaterMark: 1 }))
  const dealer = add(new b.Dealer({ routingId: 'X', receiveHighWaterMark: 1 }))
  dealer.connect(await bind(router))
  await dealer.send('Hello')
  expect(await text(router)).toEqual(['X', 'Hello'])

  const taken = await fill(router, ['X', body], 10_000)
  expect(taken).toBeGreaterThan(0)
  expect(taken).toBeLessThan(10_000)
  let read = (await drain(dealer)).length
  const more = await fill(router, ['X', body], 10_000)
  expect(more).toBeGreaterThan(0)
  read += (await drain(dealer)).length

  expect(read).toBe(taken + more)
})

across('a send that finds a peer full waits until there is room', { over: ['tcp', 'inproc'] }, async scene => {
  const { a, b, add, bind, names } = scene
  const router = add(new a.Router({ mandatory: true, sendHighWaterMark: 1 }))
  const dealer = add(new b.Dealer({ routingId: 'X', receiveHighWaterMark: 1 }))
  dealer.connect(await bind(router))
  await dealer.send('Hello')
  await text(router)
  const taken = await fill(router, ['X', body], 10_000)
  router.sendTimeout = 5_000

  let outcome: 'waits' | 'sent' | 'EAGAIN' = 'waits'
  const sending = (async () => router.send(['X', 'last']))().then(
    () => (outcome = 'sent'),
    (error: { code: 'EAGAIN' }) => (outcome = error.code),
  )
  for (let read = 0; read < taken; read++) expect((await dealer.receive())[0]?.length).toBe(body.length)
  await sending

  // The native package takes a ROUTER for writable always, so it rejects where ours waits.
  if (names[0] === 'native') return expect(['sent', 'EAGAIN']).toContain(outcome)
  expect(outcome).toBe('sent')
  expect(await text(dealer)).toEqual(['last'])
})

// libzmq: test_req_relaxed
import { expect } from 'vitest'
import { across, Events, text, type Scene } from './kit.ts'
import type { Reply, Request } from 'zeromq'

across('a relaxed REQ takes the reply to its latest request', async scene => {
  const { req, first, second } = await two(scene)

  await req.send(['A', 'B'])
  await req.send(['C', 'D'])
  expect(await text(first)).toEqual(['A', 'B'])
  expect(await text(second)).toEqual(['C', 'D'])
  await first.send('WRONG')
  await second.send('OK')

  expect(await answer(req)).toEqual(['OK'])
})

across('a reply that came and was not read is dropped with its request', async scene => {
  const { req, first, second } = await two(scene)

  await req.send('G')
  expect(await text(first)).toEqual(['G'])
  await first.send('DO NOT BELIEVE')
  await req.send('H')
  expect(await text(second)).toEqual(['H'])
  await second.send('GOOD')

  expect(await answer(req)).toEqual(['GOOD'])
})

across('two sends in a row cost no connection', async scene => {
  const { req, first, second } = await two(scene)
  for (const round of ['1', '2', '3']) {
    await req.send(`A${round}`)
    await req.send(`B${round}`)
    expect(await text(first)).toEqual([`A${round}`])
    expect(await text(second)).toEqual([`B${round}`])
    await first.send('stale')
    await second.send(`reply ${round}`)

    expect(await answer(req)).toEqual([`reply ${round}`])
  }
})

across('of requests that piled up before the peer was there only the last is answered', async scene => {
  const { a, b, add } = scene
  const endpoint = await scene.unused()
  const req = add(new b.Request({ relaxed: true, correlate: true, reconnectInterval: 20 }))
  req.connect(endpoint)
  await req.send('TO BE ANSWERED')
  await req.send('ALSO')
  const rep = add(new a.Reply())
  await rep.bind(endpoint)

  expect(await text(rep)).toEqual(['TO BE ANSWERED'])
  await rep.send('one')
  expect(await text(rep)).toEqual(['ALSO'])
  await rep.send('two')

  expect(await answer(req)).toEqual(['two'])
})

across('a relaxed REQ goes on when the peer that it waits for dies', async scene => {
  const { req, first, second } = await two(scene)

  await req.send('lost')
  expect(await text(first)).toEqual(['lost'])
  first.close()
  await req.send('next')

  expect(await text(second)).toEqual(['next'])
  await second.send('here')
  expect(await answer(req)).toEqual(['here'])
})

// The native package wakes for a stale reply, finds nothing that counts and gives up though it was told to wait.
async function answer(req: Request): Promise<string[]> {
  for (let tries = 0; ; tries++)
    try {
      return await text(req)
    } catch (error) {
      if (tries > 2) throw error
    }
}

async function two({ a, b, add, bind }: Scene): Promise<{ req: Request; first: Reply; second: Reply }> {
  const first = add(new a.Reply())
  const second = add(new a.Reply())
  const req = add(new b.Request({ relaxed: true, correlate: true }))
  const events = new Events(req)
  req.connect(await bind(first))
  await events.count('handshake', 1)
  req.connect(await bind(second))
  await events.count('handshake', 2)
  return { req, first, second }
}

// libzmq: test_spec_req (RFC 28)
import { expect } from 'vitest'
import { across, attend, connected, each, nothing, refuses, text, type Both } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a REQ asks its peers in turn', over, async scene => {
  const { a, b, add } = scene
  const req = add(new a.Request())
  const reps = Array.from({ length: 3 }, () => add(new b.Reply()))
  await connected(scene, req, reps)

  for (const [name, rep] of reps.entries()) void serve(rep, String(name))

  const order: string[] = []
  for (let turn = 0; turn < 6; turn++) {
    await req.send('ABC')
    order.push(...(await text(req)))
  }

  expect(order.slice(0, 3).sort()).toEqual(['0', '1', '2'])
  expect(order.slice(3).sort()).toEqual(['0', '1', '2'])
})

across(
  'a REQ puts an empty frame before its request and takes it from the reply',
  over,
  async ({ a, b, add, bind }) => {
    const req = add(new a.Request())
    const router = add(new b.Router())
    router.connect(await bind(req))

    await req.send(['ABC', 'DEF'])
    const [id = Buffer.alloc(0), ...rest] = await router.receive()
    expect(rest.map(String)).toEqual(['', 'ABC', 'DEF'])
    await router.send([id, '', 'GHI'])

    expect(await text(req)).toEqual(['GHI'])
  },
)

each('a REQ without a peer takes nothing', over, async ({ a, add, bind }) => {
  const req = add(new a.Request())
  await bind(req)

  await refuses(req)
})

across('a REQ hears only the peer that it asked', { over: ['tcp', 'inproc'] }, async scene => {
  const { a, b, add } = scene
  const req = add(new a.Request())
  const routers = [add(new b.Router()), add(new b.Router())]
  for (const router of routers) router.receiveTimeout = 200
  await connected(scene, req, routers)
  const ids: Buffer[] = []
  for (const [at, router] of routers.entries()) {
    await req.send(`ask ${at}`)
    const [id = Buffer.alloc(0), , body] = await router.receive().catch(() => [] as Buffer[])
    if (body === undefined) throw new Error('asked the other one')
    ids.push(id)
    await router.send([id, '', 'known'])
    expect(await text(req)).toEqual(['known'])
  }
  await req.send('now you')

  await routers[1]?.send([ids[1] ?? '', '', 'nobody asked'])

  await nothing(req)
})

async function serve(rep: Both, answer: string): Promise<void> {
  while ((await attend(rep)) !== undefined) await rep.send(answer)
}

// libzmq: test_scatter_gather
import { expect } from 'vitest'
import { across, each, Events } from './kit.ts'

across('a SCATTER deals its messages out in turn', async ({ a, b, add, bind }) => {
  const scatter = add(new a.Scatter())
  const events = new Events(scatter)
  const gathers = [add(new b.Gather()), add(new b.Gather())]
  const endpoint = await bind(scatter)
  for (const [at, gather] of gathers.entries()) {
    gather.connect(endpoint)
    await events.count('handshake', at + 1)
  }

  for (const message of ['1', '2', '3', '4']) await scatter.send(message)

  for (const gather of gathers) {
    const got = [String((await gather.receive())[0]), String((await gather.receive())[0])]
    expect(Number(got[1]) - Number(got[0])).toBe(2)
  }
})

each('a SCATTER refuses more than one frame', async ({ a, add, bind }) => {
  const scatter = add(new a.Scatter())
  const gather = add(new a.Gather())
  gather.connect(await bind(scatter))
  await scatter.send('1')

  await expect((async () => scatter.send(['1', '2'] as unknown as string))()).rejects.toMatchObject({ code: 'EINVAL' })
})

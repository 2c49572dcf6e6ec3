// libzmq: test_connect_rid
import { expect } from 'vitest'
import { across, each, text } from './kit.ts'

across('a STREAM knows its connection by the id that it chose', async ({ a, b, add, bind }) => {
  const server = add(new a.Stream())
  const client = add(new b.Stream())
  client.connect(await bind(server), { routingId: 'conn1' })
  const [id] = await server.receive()
  const [opened] = await client.receive()
  expect(opened.toString()).toBe('conn1')

  await client.send(['conn1', 'hi 1'])

  const [from, body] = await server.receive()
  expect([from, body.toString()]).toEqual([id, 'hi 1'])
})

for (const named of [true, false])
  across(
    `a ROUTER speaks first to a ROUTER that it gave a name, ${named ? 'one that has another' : 'one that has none'}`,
    { over: ['tcp', 'ipc', 'inproc'] },
    async ({ a, b, add, bind }) => {
      const bound = add(new a.Router(named ? { routingId: 'Y' } : {}))
      const connecting = add(new b.Router({ routingId: 'X' }))
      connecting.connect(await bind(bound), { routingId: 'chosen' })

      await connecting.send(['chosen', 'hello', 'there'])

      expect(await text(bound)).toEqual(['X', 'hello', 'there'])
      await bound.send(['X', 'and back'])
      expect(await text(connecting)).toEqual(['chosen', 'and back'])
    },
  )

across('names can be given while messages of many parts come in', async ({ a, b, add, bind }) => {
  const hub = add(new a.Router({ routingId: 'hub' }))
  const dealers = [add(new b.Dealer()), add(new b.Dealer())]
  const [first, second] = dealers
  if (first === undefined || second === undefined) throw new Error('two dealers')
  hub.connect(await bind(first), { routingId: 'first' })
  for (let sent = 0; sent < 10; sent++) await first.send(['1', '2', '3'])
  expect(await text(hub)).toEqual(['first', '1', '2', '3'])

  hub.connect(await bind(second), { routingId: 'second' })
  await hub.send(['second', 'welcome'])

  expect(await text(second)).toEqual(['welcome'])
  for (let left = 0; left < 9; left++) expect(await text(hub)).toEqual(['first', '1', '2', '3'])
})

each(
  'an id that is taken is refused, and the socket goes on',
  { oursOnly: 'libzmq aborts the process' },
  async scene => {
    const { a, add, bind } = scene
    const hub = add(new a.Router({ mandatory: true }))
    const dealers = [add(new a.Dealer()), add(new a.Dealer())]
    const [first, second] = dealers
    if (first === undefined || second === undefined) throw new Error('two dealers')
    hub.connect(await bind(first), { routingId: 'same' })
    await hub.send(['same', 'one'])
    const endpoint = await bind(second)

    expect(() => hub.connect(endpoint, { routingId: 'same' })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^E(ADDRINUSE|INVAL)$/) }),
    )

    expect(await text(first)).toEqual(['one'])
  },
)

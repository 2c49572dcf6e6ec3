// libzmq: test_pair_inproc
import { expect } from 'vitest'
import { across, bounce, text } from './kit.ts'

across('a PAIR bounces messages over inproc', { over: ['inproc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  client.connect(await bind(server))

  await bounce(server, client)
})

across('a buffer that nobody may change arrives as it is', { over: ['inproc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  client.connect(await bind(server))

  await client.send(Object.freeze(['TEST']) as string[])

  expect(await text(server)).toEqual(['TEST'])
})

// libzmq: test_poller
import { expect } from 'vitest'
import { across } from './kit.ts'

across('a socket says when it can be read and written', { over: ['tcp', 'inproc'] }, async ({ a, b, add, bind }) => {
  const vent = add(new a.Push())
  const sink = add(new b.Pull())
  const endpoint = await bind(vent)
  expect([vent.writable, sink.readable]).toEqual([false, false])

  sink.connect(endpoint)
  await expect.poll(() => vent.writable).toBe(true)
  await vent.send('H')
  await expect.poll(() => sink.readable).toBe(true)
  await sink.receive()

  expect(sink.readable).toBe(false)
  vent.close()
  await expect.poll(() => vent.writable).toBe(false)
})

across('a SERVER says so, too', { over: ['tcp', 'inproc'] }, async ({ a, b, add, bind }) => {
  const server = add(new a.Server())
  const client = add(new b.Client())
  client.connect(await bind(server))

  await client.send('X')
  const [, { routingId }] = await server.receive()
  await server.send('Y', { routingId })

  expect((await client.receive()).map(String)).toEqual(['Y'])
})

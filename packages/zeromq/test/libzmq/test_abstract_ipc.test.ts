// libzmq: test_abstract_ipc
import { expect } from 'vitest'
import { across, bounce, each } from './kit.ts'

across('REQ and REP bounce over an abstract name', { over: ['ipc'] }, async ({ a, b, add }) => {
  const server = add(new a.Reply())
  const client = add(new b.Request())
  const endpoint = `ipc://@mr-${process.pid}-${Math.random()}`

  await server.bind(endpoint)
  expect(server.lastEndpoint).toBe(endpoint)
  client.connect(endpoint)

  await client.send('there')
  expect((await server.receive()).map(String)).toEqual(['there'])
  await server.send('back')
  expect((await client.receive()).map(String)).toEqual(['back'])
})

across('PAIR bounces over an abstract name', { over: ['ipc'] }, async ({ a, b, add }) => {
  const server = add(new a.Pair())
  const client = add(new b.Pair())
  const endpoint = `ipc://@mr-${process.pid}-${Math.random()}`
  await server.bind(endpoint)
  client.connect(endpoint)

  await bounce(server, client)
})

each('an abstract name that is empty is EINVAL', { over: ['ipc'] }, async ({ a, add }) => {
  const server = add(new a.Reply())

  await expect(server.bind('ipc://@')).rejects.toMatchObject({ code: 'EINVAL' })
})

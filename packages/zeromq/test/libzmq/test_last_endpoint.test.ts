// libzmq: test_last_endpoint
import { expect } from 'vitest'
import { each, unusedPort } from './kit.ts'

each('the last endpoint is that of the last bind', async ({ a, add }) => {
  const socket = add(new a.Router())
  for (let at = 0; at < 2; at++) {
    const endpoint = `tcp://127.0.0.1:${await unusedPort()}`

    await socket.bind(endpoint)

    expect(socket.lastEndpoint).toBe(endpoint)
  }
})

for (const [given, resolved] of [
  ['tcp://*:*', /^tcp:\/\/0\.0\.0\.0:[1-9]\d*$/],
  ['tcp://lo:*', /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
  ['tcp://localhost:0', /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
] as const)
  each(`${given} comes back in numbers`, async ({ a, add }) => {
    const socket = add(new a.Router())

    await socket.bind(given)

    expect(socket.lastEndpoint).toMatch(resolved)
  })

each('IPv6 endpoints keep their brackets', async ({ a, add }) => {
  const socket = add(new a.Router({ ipv6: true }))

  await socket.bind('tcp://[::1]:*')
  expect(socket.lastEndpoint).toMatch(/^tcp:\/\/\[::1\]:[1-9]\d*$/)
  await socket.bind('tcp://*:*')

  expect(socket.lastEndpoint).toMatch(/^tcp:\/\/\[::\]:[1-9]\d*$/)
})

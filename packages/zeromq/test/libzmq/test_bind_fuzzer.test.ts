// libzmq: test_bind_fuzzer
import { expect } from 'vitest'
import { each } from './kit.ts'
import { addresses } from './random-addresses.ts'

each('any string to bind is taken or refused with a code, and the socket goes on', async ({ a, add }) => {
  const socket = add(new a.Dealer({ reconnectInterval: -1 }))
  let refused = 0
  for (const address of addresses()) {
    try {
      await socket.bind(address)
    } catch (error) {
      refused++
      expect(error, address).toMatchObject({ code: expect.stringMatching(/^E[A-Z_]+$/) })
    }
  }

  expect(refused).toBeGreaterThan(50)
  await socket.bind('tcp://127.0.0.1:*')
})

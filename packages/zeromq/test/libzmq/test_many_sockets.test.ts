// libzmq: test_many_sockets
import { expect } from 'vitest'
import { each } from './kit.ts'

each('one socket more than a context may have is EMFILE', ({ a, add }) => {
  const context = new a.Context({ maxSockets: 20 })
  const made: unknown[] = []

  expect(() => {
    for (let at = 0; at < 30; at++) made.push(add(new a.Pair({ context })))
  }).toThrow(expect.objectContaining({ code: 'EMFILE' }))

  expect(made.length).toBeGreaterThan(15)
  expect(made.length).toBeLessThanOrEqual(20)
})

// libzmq: test_ctx_options
import { expect } from 'vitest'
import { each, raw } from './kit.ts'

const einval = expect.objectContaining({ code: 'EINVAL' })

each('the defaults of a context are those of libzmq', ({ a }) => {
  const context = new a.Context()

  expect(context.maxSockets).toBe(1023)
  expect(context.maxSocketsLimit).toBeGreaterThan(0)
  expect(context.ioThreads).toBe(1)
  expect(context.ipv6).toBe(false)
  expect(context.blocky).toBe(true)
  expect(context.maxMessageSize).toBe(2 ** 31 - 1)
})

each('what is set is read back', ({ a }) => {
  const context = new a.Context({ maxSockets: 12, ioThreads: 2, ipv6: true, blocky: false, maxMessageSize: 1000 })

  expect([context.maxSockets, context.ioThreads, context.ipv6, context.blocky, context.maxMessageSize]).toEqual([
    12,
    2,
    true,
    false,
    1000,
  ])
  expect(raw(context).getInt32Option(6)).toBeGreaterThan(0)
})

each('an option that is none, or out of bounds, is EINVAL', ({ a }) => {
  const context = new a.Context()

  expect(() => raw(context).setInt32Option(12345, 1)).toThrow(einval)
  expect(() => raw(context).getInt32Option(12345)).toThrow(einval)
  expect(() => (context.ioThreads = -1)).toThrow(einval)
  expect(() => (context.maxSockets = 0)).toThrow(einval)
})

each('a new socket takes over whether it speaks IPv6 and lingers', ({ a, add }) => {
  const context = new a.Context({ ipv6: true, blocky: false })
  const socket = new a.Pair({ context })
  const linger = socket.linger
  add(socket)

  expect([socket.ipv6, linger]).toEqual([true, 0])
  const other = new a.Pair()
  expect([other.ipv6, other.linger]).toEqual([false, -1])
  add(other)
})

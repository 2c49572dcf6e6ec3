// libzmq: test_getsockopt_memset
import { expect } from 'vitest'
import { each, raw } from './kit.ts'

each('a short string that was long before is read back short', ({ a, add }) => {
  const socket = add(new a.Pair())
  socket.zapDomain = 'a long domain'

  socket.zapDomain = 'short'

  expect(socket.zapDomain).toBe('short')
  expect(raw(socket).getStringOption(55)).toBe('short')
})

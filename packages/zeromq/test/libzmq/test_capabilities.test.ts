// libzmq: test_capabilities
import { expect } from 'vitest'
import { each } from './kit.ts'

each('what can be done here is told truthfully', ({ a }) => {
  expect(a.capability).toMatchObject({ ipc: true, curve: true, draft: true, pgm: false, norm: false, gssapi: false })
  expect((a.capability as Record<string, boolean>)['unknown']).toBeUndefined()
})

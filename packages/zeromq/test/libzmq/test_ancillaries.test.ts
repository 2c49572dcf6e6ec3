// libzmq: test_ancillaries
import { expect } from 'vitest'
import { each } from './kit.ts'

each('the version has three numbers', ({ a }) => {
  expect(a.version).toMatch(/^4\.\d+\.\d+$/)
})

each('errors have a code, a number and a sentence', async ({ a, add }) => {
  const rep = add(new a.Reply({ sendTimeout: 0 }))
  const bad = add(new a.Pair())

  await expect((async () => rep.send('before a request'))()).rejects.toMatchObject({
    code: expect.stringMatching(/^E/),
  })
  await expect(bad.bind('nonsense')).rejects.toMatchObject({
    code: 'EINVAL',
    errno: expect.any(Number),
    address: 'nonsense',
  })
  await expect(bad.bind('nonsense')).rejects.toThrow(/\w+ \w+/)
})

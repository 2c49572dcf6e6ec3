import { expect, test } from 'vitest'
import { inOrder } from '../../build/build-all.ts'

test('a package is built after those that it imports', () => {
  const packages = [
    { name: 'cli', imports: ['kafka', 'core'] },
    { name: 'kafka', imports: ['core'] },
    { name: 'core', imports: [] },
  ]

  expect(inOrder(packages).map(({ name }) => name)).toEqual(['core', 'kafka', 'cli'])
})

test('packages that import each other are an error, not a hang', () => {
  const packages = [
    { name: 'a', imports: ['b'] },
    { name: 'b', imports: ['a'] },
  ]

  expect(() => inOrder(packages)).toThrow('a → b → a')
})

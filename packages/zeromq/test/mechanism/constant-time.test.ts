import { expect, test } from 'vitest'
import { equalSecrets } from '../../src/mechanism/constant-time.ts'

test.each([
  [[], [], true],
  [[1, 2, 3], [1, 2, 3], true],
  [[1, 2, 3], [1, 2, 4], false],
  [[0, 2, 3], [1, 2, 3], false],
  [[1, 2], [1, 2, 0], false],
  [[1, 2, 0], [1, 2], false],
  [[], [0], false],
])('%j and %j', (a, b, equal) => {
  expect(equalSecrets(Uint8Array.from(a), Uint8Array.from(b))).toBe(equal)
})

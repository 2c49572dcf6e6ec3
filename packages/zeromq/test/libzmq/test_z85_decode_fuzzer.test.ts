// libzmq: test_z85_decode_fuzzer
import { expect, test } from 'vitest'
import { z85Decode, z85Encode } from '@millrace/zeromq/extra'
import { random } from './random.ts'

test('any text either decodes to what encodes back to it, or throws', () => {
  const next = random(32)
  let decoded = 0
  for (let turn = 0; turn < 20_000; turn++) {
    const text = Array.from({ length: next(12) }, () =>
      String.fromCharCode(turn % 3 === 0 ? next(256) : 33 + next(94)),
    ).join('')
    let octets: Uint8Array
    try {
      octets = z85Decode(text)
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      continue
    }
    decoded++
    expect(z85Encode(octets)).toBe(text)
  }
  expect(decoded).toBeGreaterThan(100)
})

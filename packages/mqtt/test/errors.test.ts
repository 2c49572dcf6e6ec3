import { MillraceError } from 'millrace/adapter'
import { expect, test } from 'vitest'
import { ended, ours } from '../src/errors.ts'

const coded = (code: number | string): Error => Object.assign(new Error('no'), { code })

test.each([
  [coded(4), 'connect', 'AUTH'],
  [coded(135), 'publish', 'AUTH'],
  [coded(1), 'connect', 'SERVER_TOO_OLD'],
  [coded(149), 'publish', 'TOO_LARGE'],
  [coded(158), 'subscribe', 'UNSUPPORTED'],
  [coded(128), 'subscribe', 'AUTH'],
  [coded(128), 'publish', 'DISCONNECTED'],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'connect', 'AUTH'],
  [coded('ECONNREFUSED'), 'connect', 'DISCONNECTED'],
  [new Error('Connection closed'), 'publish', 'DISCONNECTED'],
])('%o while it is to %s is %s', (error, what, code) => {
  expect(ours(error, what)).toMatchObject({ code, cause: error })
})

test('what is one of ours stays as it is', () => {
  const own = new MillraceError('TIMEOUT', 'late')

  expect(ours(own, 'publish')).toBe(own)
})

test('a connection that another client took is no broken link, any other is', () => {
  expect(ended(142).code).toBe('TOPOLOGY_MISMATCH')
  expect(ended(139).code).toBe('DISCONNECTED')
  expect(ended(undefined).code).toBe('DISCONNECTED')
})

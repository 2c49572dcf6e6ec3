import { MultipleErrors, ProtocolError, UserError } from '@platformatic/kafka'
import { MillraceError } from 'millrace/adapter'
import { expect, test } from 'vitest'
import { ours, says } from '../src/errors.ts'

test('the cause is found however deep the client has put it', () => {
  const deep = new MultipleErrors('Creating topics failed.', [
    new MultipleErrors('again', [new ProtocolError('TOPIC_AUTHORIZATION_FAILED')]),
  ])

  expect(ours(deep, 'publish').code).toBe('AUTH')
  expect(says(deep, 'TOPIC_AUTHORIZATION_FAILED')).toBe(true)
  expect(says(deep, 'MESSAGE_TOO_LARGE')).toBe(false)
})

test.each([
  [new ProtocolError('MESSAGE_TOO_LARGE'), 'TOO_LARGE'],
  [new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION'), 'NO_ROUTE'],
  [new UserError('Unknown topic orders.'), 'NO_ROUTE'],
  [new ProtocolError('NOT_COORDINATOR'), 'DISCONNECTED'],
  [new Error('ECONNRESET'), 'DISCONNECTED'],
])('%s is %s', (error, code) => {
  expect(ours(error, 'publish')).toMatchObject({ code, cause: error })
})

test('what is one of ours stays as it is', () => {
  const own = new MillraceError('LOST', 'gone')

  expect(ours(own, 'publish')).toBe(own)
  expect(ours(new MultipleErrors('Producing messages failed.', [own]), 'publish').code).toBe('LOST')
})

test('the system’s own word is told beside the client’s', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
  const deep = new MultipleErrors('metadata failed 3 times.', [new Error('Connection failed.', { cause: refused })])

  expect(ours(deep, 'connect')).toMatchObject({
    code: 'DISCONNECTED',
    message: 'kafka: connect: metadata failed 3 times. (connect ECONNREFUSED 127.0.0.1:1)',
  })
})

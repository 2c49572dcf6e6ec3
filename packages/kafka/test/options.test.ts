import { expect, test } from 'vitest'
import { plan } from '../src/options.ts'

test('hosts, user and password are read from the url, options from its query', () => {
  const read = plan({ url: 'kafka+ssl://me:p%40ss@a:1,b?mechanism=SCRAM-SHA-512&partitions=6&groupProtocol=consumer' })

  expect(read.base).toMatchObject({
    bootstrapBrokers: ['a:1', 'b:9092'],
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'me', password: 'p@ss' },
    tlsServerName: true,
  })
  expect(read).toMatchObject({ partitions: 6, groupProtocol: 'consumer' })
})

test.each([
  'kafka://me:secret@',
  'kafka://secret@host',
  'kafka://me:secret%@host',
  'kafka://me:secret@host?colour=red',
  'kafka://me:secret@host?linger=soon',
  'kafka://me:secret@host?compression=rar',
  'http://me:secret@host',
  'kafka://me:secret@host:port',
  'kafka://me:secret@host:99999',
  'kafka://me:secret@a,',
  'kafka://me:secret@a b',
])('%s is BAD_OPTION, and the password is not in the error', url => {
  let thrown: unknown
  try {
    plan({ url })
  } catch (error) {
    thrown = error
  }

  expect(thrown).toMatchObject({ code: 'BAD_OPTION' })
  expect(String(thrown)).not.toContain('secret')
})

test.each([
  [undefined],
  [{ url: 5 }],
  [{ url: 'kafka://host', ssl: true }],
  [{ url: 'kafka://host', clientid: 'me' }],
  [{ client: { bootstrapBrokers: ['a:1'] }, tls: {} }],
  [{ client: { bootstrapBrokers: ['a:1'] }, sasl: { mechanism: 'PLAIN', username: 'me', password: 'x' } }],
])('%j is BAD_OPTION', options => {
  expect(() => plan(options as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

test('either a url or a client is given', () => {
  expect(() => plan({})).toThrow(/either/)
  expect(plan({ client: { bootstrapBrokers: ['a:1'], retries: 7 } }).base).toMatchObject({ retries: 7 })
})

test('a member says often enough that it lives', () => {
  expect(plan({ url: 'kafka://a', sessionTimeout: 3_000 })).toMatchObject({
    heartbeatInterval: 1_000,
    revokeTimeout: 1_000,
  })
})

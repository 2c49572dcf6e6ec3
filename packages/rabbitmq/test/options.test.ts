import { isMillraceError } from 'millrace'
import { expect, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'
import { fromUrl } from '../src/url.ts'

test('options stand in the query, and the client sees only its own', () => {
  const { url, options } = fromUrl('amqp://u:p@host:5672/vhost?preset=fanout&priorities=3&heartbeat=5&mandatory=0')

  expect(url).toBe('amqp://u:p@host:5672/vhost?heartbeat=5')
  expect(options).toEqual({ preset: 'fanout', priorities: 3, mandatory: false })
})

test.each([
  'amqp://user:secret@host/?colour=red',
  'amqp://user:secret@host/?preset=topics',
  'amqp://user:secret@host/?priorities=many',
  'amqp://user:secret@host/?priorities=3',
  'amqp://user:secret@host/?mandatory=perhaps',
  'amqp://user:secret@host/?prefix=a.b',
  'kafka://user:secret@host/',
  'amqp://user:secret@host:port/',
  'amqp://user:secret%ZZ@host',
  'amqp://user:secret@host/%ZZ',
])('%s is a BAD_OPTION, told without the password', url => {
  let thrown: unknown
  try {
    rabbitmq({ url })
  } catch (error) {
    thrown = error
  }

  expect(isMillraceError(thrown, 'BAD_OPTION')).toBe(true)
  expect(String(thrown)).not.toContain('secret')
})

test('neither a url nor a client, or both, is a BAD_OPTION', () => {
  expect(() => rabbitmq({})).toThrow('either a url or a client')
})

test.each([
  [undefined],
  [{ url: 'amqp://host', confirms: false }],
  [{ url: 'amqp://host', queues: 'stream', retain: { byte: 5_000 } }],
])('%j is BAD_OPTION', options => {
  expect(() => rabbitmq(options as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

test('capabilities follow the options', () => {
  expect(rabbitmq({ url: 'amqp://host?queues=classic&priorities=5' }).capabilities.priority).toBe(5)
  expect(rabbitmq({ url: 'amqp://host?preset=work' }).capabilities).toMatchObject({ broadcast: false, patterns: false })
  expect(rabbitmq({ url: 'amqp://host', singleActiveConsumer: true }).capabilities).toMatchObject({
    keyAffinity: true,
    attempts: 'process',
    nackDelay: { where: 'process' },
  })
})

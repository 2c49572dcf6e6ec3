import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { address } from '../src/address.ts'
import { jetstream, nats } from '../src/index.ts'

test.each([
  ['nats://host:4222', { servers: ['host:4222'] }],
  ['jetstream://a:1,b:2', { servers: ['a:1', 'b:2'] }],
  ['nats://a:1,nats://b:2', { servers: ['a:1', 'b:2'] }],
  ['nats://me:p%40ss@host', { servers: ['host'], user: 'me', pass: 'p@ss' }],
  ['nats://token@host', { servers: ['host'], token: 'token' }],
  ['tls://host', { servers: ['host'], tls: {} }],
  ['nats+tls://[::1]:4222?prefix=x', { servers: ['[::1]:4222'], tls: {} }],
])('%s is read', (url, options) => {
  expect(address(url)).toEqual(options)
})

test.each([
  'nats://me:secret@',
  'nats://me:secret@host:99999',
  'nats://me:secret/x@host',
  'nats://me:secret%ZZ@host',
  'nats://me:secret@a,http://b',
  'http://me:secret@host',
  'me:secret@host',
  '',
])('%s is BAD_OPTION, and nothing of the error shows the password', url => {
  for (const make of [nats, jetstream]) {
    let thrown: unknown
    try {
      make({ url })
    } catch (error) {
      thrown = error
    }

    expect(thrown).toMatchObject({ code: 'BAD_OPTION' })
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('secret')
  }
})

test.each([
  [nats, { names: 'natve' }],
  [nats, { wire: 'watermil' }],
  [nats, { maxBytes: 0 }],
  [nats, { maxPending: -1 }],
  [nats, { topology: 'none' }],
  [nats, { servers: ['a'] }],
  [nats, { url: 5 }],
  [jetstream, { topology: 'chekc' }],
  [jetstream, { settles: 'confirm' }],
  [jetstream, { maxPending: 5 }],
])('%o with %o is BAD_OPTION', (make, wrong) => {
  expect(() => make({ url: 'nats://host', ...wrong } as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

test.each([
  [nats, 'topology=none'],
  [nats, 'maxPending='],
  [nats, 'names=natve'],
  [jetstream, 'topology=chekc'],
  [jetstream, 'maxPending=5'],
  [jetstream, 'maxBytes=many'],
])('%o with ?%s is BAD_OPTION', (make, query) => {
  expect(() => make({ url: `nats://host?${query}` })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

test('no options at all are BAD_OPTION', () => {
  for (const make of [nats, jetstream])
    expect(() => make(undefined as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

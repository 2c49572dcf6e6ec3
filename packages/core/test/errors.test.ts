import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { asError, said } from '../src/errors.ts'
import { CODES, isMillraceError, MillraceError } from '../src/index.ts'
import { unshowable } from './unshowable.ts'

const root = join(import.meta.dirname, '../../..')

test('the guide has every code, with its meaning and whether to try again', () => {
  const guide = readFileSync(join(root, 'docs/guide/errors.md'), 'utf8')

  const rows = [...guide.matchAll(/^\| `([A-Z_]+)` +\| (yes|no) +\| (.+?) *\|$/gm)].map(([, code, retry, means]) => ({
    code,
    retry,
    means,
  }))
  expect(rows).toEqual(
    Object.entries(CODES).map(([code, { retry, means }]) => ({ code, retry: retry ? 'yes' : 'no', means })),
  )
})

test('every code is thrown somewhere, and every code that is thrown is in the table', () => {
  const sources = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' })
    .filter(path => /^(core|conformance)\/src\/.*\.ts$/.test(path))
    .map(path => readFileSync(join(root, 'packages', path), 'utf8'))
    .join('\n')
  const thrown = new Set([...sources.matchAll(/MillraceError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code))

  for (const code of thrown) expect(Object.keys(CODES)).toContain(code)
  // These are thrown by adapters, or chosen by an expression.
  const elsewhere = ['SERVER_TOO_OLD', 'NO_ROUTE', 'AUTH', 'TOPOLOGY_MISMATCH', 'NOT_INSTALLED', 'LOST', 'DISCONNECTED']
  const unused = Object.keys(CODES).filter(code => !thrown.has(code) && !elsewhere.includes(code))
  expect(unused).toEqual([])
})

test('an error is told by its code, also one of another copy of the package', () => {
  const ours = new MillraceError('CLOSED', 'closed', { cause: 7 })
  const theirs = Object.assign(new Error('closed'), { name: 'MillraceError', code: 'CLOSED' })

  expect([isMillraceError(ours), isMillraceError(ours, 'CLOSED'), isMillraceError(ours, 'LOST')]).toEqual([
    true,
    true,
    false,
  ])
  expect(isMillraceError(theirs, 'CLOSED')).toBe(true)
  expect([isMillraceError(new Error('x')), isMillraceError('x'), isMillraceError(undefined)]).toEqual([
    false,
    false,
    false,
  ])
  expect([ours.cause, ours.retry, ours.failures]).toEqual([7, false, []])
})

test('names that every object knows are no codes', () => {
  for (const code of ['constructor', 'toString', '__proto__'])
    expect(isMillraceError({ name: 'MillraceError', code })).toBe(false)
})

test('an error can be made of everything that can be thrown', () => {
  for (const [name, make] of Object.entries(unshowable)) {
    const error = asError(make())

    expect(typeof error.message, name).toBe('string')
    expect(isMillraceError(make()), name).toBe(false)
  }
})

test('an error of another realm is one', () => {
  const theirs = runInNewContext('new RangeError("too far")') as Error

  expect(asError(theirs)).toBe(theirs)
})

test('an error says what the system said, however a client hides it', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
  const both = Object.assign(new AggregateError([refused, refused], ''), { code: 'ECONNREFUSED' })
  const round = new Error('round')
  round.cause = round

  expect(said(both)).toBe('connect ECONNREFUSED ::1:1')
  expect(said(new Error('no connection', { cause: both }))).toBe('no connection (connect ECONNREFUSED ::1:1)')
  expect(said(new Error('failed: connect ECONNREFUSED ::1:1', { cause: refused }))).toBe(
    'failed: connect ECONNREFUSED ::1:1',
  )
  expect(said(new RangeError(''))).toBe('RangeError')
  expect(said(round)).toBe('round')
})

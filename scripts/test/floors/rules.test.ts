import { expect, test } from 'vitest'
import { badName, longestFile, problemsIn, tooLong, type PackageFloors } from '../../floors/rules.ts'
import { sourceFile } from '../../floors/source-file.ts'

const floors: PackageFloors = {
  rows: [['errors', 'wire+frame'], ['engine'], ['pubsub', 'index']],
  pure: ['wire'],
  timeless: ['pubsub'],
  ours: { millrace: { only: ['pubsub.ts'] }, '@millrace/late': { how: 'dynamic' } },
  standsAlone: true,
}

const problems = (files: Record<string, string>, dependencies: string[] = []): string[] =>
  problemsIn(
    {
      name: '@millrace/fixture',
      declared: ['millrace', '@millrace/late', 'vendor', ...dependencies],
      dependencies,
      files: Object.entries(files).map(([path, text]) => sourceFile(path, text)),
    },
    floors,
  ).map(({ path, line, text }) => `${path}:${line} ${text}`)

test('an import from a lower floor, from the same room or from a joined room is no problem', () => {
  const files = {
    'engine/a.ts': `import { b } from './b.ts'\nimport { w } from '../wire/w.ts'`,
    'engine/b.ts': `export const b = 1`,
    'wire/w.ts': `export * from '../frame.ts'`,
    'frame.ts': `export const f = 1`,
  }

  expect(problems(files)).toEqual([])
})

test('an upward import is a problem, also of a type alone', () => {
  expect(problems({ 'wire/w.ts': `\nimport { e } from '../engine/a.ts'` })).toEqual([
    `wire/w.ts:2 imports 'engine/a.ts', which stands above it`,
  ])
  expect(problems({ 'wire/w.ts': `import type { E } from '../engine/a.ts'` })).toHaveLength(1)
  expect(problems({ 'wire/w.ts': `export type E = import('../engine/a.ts').E` })).toHaveLength(1)
  expect(problems({ 'wire/w.ts': `export { e } from '../engine/a.ts'` })).toHaveLength(1)
  expect(problems({ 'wire/w.ts': `export * from '../engine/a.ts'` })).toHaveLength(1)
  expect(problems({ 'wire/w.ts': `export const load = () => import('../engine/a.ts')` })).toHaveLength(1)
})

test('siblings on one floor do not meet', () => {
  expect(problems({ 'errors.ts': `import { w } from './wire/w.ts'` })).toEqual([
    `errors.ts:1 imports 'wire/w.ts', which stands beside it`,
  ])
})

test('a file may stand lower than its folder', () => {
  const rooms: PackageFloors = { rows: [['engine/start'], ['wire'], ['engine']] }
  const files = [
    sourceFile('engine/start.ts', `import { w } from '../wire/w.ts'`),
    sourceFile('engine/a.ts', `import { w } from '../wire/w.ts'`),
    sourceFile('wire/w.ts', `import { s } from '../engine/start.ts'`),
  ]
  const found = problemsIn({ name: 'fixture', declared: [], dependencies: [], files }, rooms)

  expect(found.filter(({ text }) => !text.includes('cycle')).map(({ path }) => path)).toEqual(['engine/start.ts'])
})

test('a file that is no TypeScript is a problem, and the others are still looked at', () => {
  const found = problems({ 'engine/a.ts': 'export const = 1', 'attic/box.ts': '' })

  expect(found).toContainEqual(expect.stringContaining('engine/a.ts:1 cannot be read'))
  expect(found).toContainEqual(expect.stringContaining("'attic' has no floor"))
})

test('a file without a floor is a problem', () => {
  expect(problems({ 'attic/box.ts': '' })).toEqual([
    `attic/box.ts:1 'attic' has no floor: give it one in the table of scripts/floors.ts`,
  ])
})

test('an import cycle is a problem once, told as a ring', () => {
  const files = {
    'engine/a.ts': `import { b } from './b.ts'`,
    'engine/b.ts': `import { c } from './c.ts'`,
    'engine/c.ts': `import { a } from './a.ts'`,
    'engine/outside.ts': `import { a } from './a.ts'`,
  }

  expect(problems(files)).toEqual([
    'engine/a.ts:1 an import cycle: engine/a.ts → engine/b.ts → engine/c.ts → engine/a.ts',
  ])
})

test('a ring that a type import closes is none', () => {
  const files = { 'engine/a.ts': `import { b } from './b.ts'`, 'engine/b.ts': `import type { A } from './a.ts'` }

  expect(problems(files)).toEqual([])
})

test('a pure folder imports nothing of Node, whether or not it says node:', () => {
  expect(problems({ 'wire/w.ts': `import { connect } from 'node:net'` })).toEqual([
    `wire/w.ts:1 imports 'node:net': 'wire' is pure, pass it in`,
  ])
  expect(problems({ 'wire/w.ts': `import { connect } from 'net'` })).toHaveLength(1)
  expect(problems({ 'engine/a.ts': `import { connect } from 'node:net'` })).toEqual([])
})

test.each(['Date.now()', 'new Date()', 'Math.random()', 'performance.now()', 'setTimeout(f, 1)', 'process.pid'])(
  'a pure folder does not use %s',
  expression => {
    expect(problems({ 'wire/w.ts': `export const x = ${expression}` })).toHaveLength(1)
    expect(problems({ 'engine/a.ts': `export const x = ${expression}` })).toEqual([])
  },
)

test('what a virtual clock drives reads no other, but may wait for a turn of the loop', () => {
  expect(problems({ 'pubsub.ts': 'export const x = Date.now()' })).toEqual([
    'pubsub.ts:1 uses Date.now: its time comes from a clock that is passed in',
  ])
  expect(problems({ 'pubsub.ts': 'setImmediate(f)' })).toEqual([])
})

test('only the files that may import the core do', () => {
  expect(problems({ 'pubsub.ts': `import { broker } from 'millrace/adapter'` })).toEqual([])
  expect(problems({ 'index.ts': `import { broker } from 'millrace/adapter'` })).toEqual([
    `index.ts:1 imports 'millrace': only pubsub.ts may`,
  ])
})

test('a package that is to be loaded late is imported by import() alone', () => {
  expect(problems({ 'index.ts': `export const load = () => import('@millrace/late')` })).toEqual([])
  expect(problems({ 'index.ts': `import '@millrace/late'` })).toEqual([
    `index.ts:1 imports '@millrace/late' other than by import()`,
  ])
})

test('a package of ours on the same floor is out of reach, and one of others has to be declared', () => {
  expect(problems({ 'index.ts': `import '@millrace/kafka'` })).toContain(
    `index.ts:1 imports '@millrace/kafka', which stands above or beside it`,
  )
  expect(problems({ 'index.ts': `import 'vendor/part'` })).toEqual([])
  expect(problems({ 'index.ts': `import 'stowaway'` })).toEqual([
    `index.ts:1 imports 'stowaway', which is in no list of its package.json`,
  ])
})

test('a package that stands alone has no dependencies', () => {
  expect(problems({}, ['left-pad'])).toEqual(['../package.json:1 @millrace/fixture has no dependencies: left-pad'])
})

test('a file may have 500 lines and no more', () => {
  expect(tooLong(sourceFile('a.ts', 'x\n'.repeat(longestFile)))).toEqual([])
  expect(tooLong(sourceFile('a.ts', 'x\n'.repeat(longestFile + 1)))).toHaveLength(1)
})

test.each([
  'utils.ts',
  'wire/helpers/a.ts',
  'common.ts',
  'wire/types.ts',
  'wire/base.ts',
  'queue.impl.ts',
  'manager/x.ts',
])('the name %s says nothing', path => {
  expect(badName({ path })).toHaveLength(1)
})

test.each(['basement.ts', 'socket-types.ts', 'wire/frame.ts', 'typed-topic.ts'])('the name %s is one', path => {
  expect(badName({ path })).toEqual([])
})

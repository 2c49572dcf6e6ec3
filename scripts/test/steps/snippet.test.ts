import { expect, test } from 'vitest'
import { snippetsIn } from '../../steps/snippet.ts'

const page = (...lines: string[]): string => lines.join('\n')

test('only ts blocks are snippets, each with the line of its fence', () => {
  const found = snippetsIn(
    page('# Title', '```ts', 'const a = 1', '```', '```sh', 'npm test', '```', '```ts', 'b()', '```'),
  )

  expect(found).toEqual([
    { line: 2, code: 'const a = 1', runs: false },
    { line: 8, code: 'b()', runs: false },
  ])
})

test('a snippet that follows stands below the one before it, and below what that one follows', () => {
  const found = snippetsIn(
    page('```ts', 'one', '```', '```ts follows', 'two', '```', '```ts follows run', 'three', '```'),
  )

  expect(found.map(({ code, runs }) => ({ code, runs }))).toEqual([
    { code: 'one', runs: false },
    { code: 'one\ntwo', runs: false },
    { code: 'one\ntwo\nthree', runs: true },
  ])
})

test('an output block is what the snippet before it prints', () => {
  const found = snippetsIn(page('```ts run', 'console.log(1)', '```', 'prints', '```output', '1', '```'))

  expect(found).toEqual([{ line: 1, code: 'console.log(1)', runs: true, prints: '1' }])
})

test('a fence inside a longer fence is text', () => {
  expect(snippetsIn(page('````md', '```ts', 'a', '```', '````'))).toEqual([])
})

import { readFileSync } from 'node:fs'
import { suite } from '@millrace/conformance'
import { expect, test } from 'vitest'

test('the README lists every case, in the order of the suite, and no other', () => {
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const listed = page.slice(page.indexOf('## The cases')).matchAll(/^- (.*)$/gm)

  const titles = [...listed].map(([, title]) => title?.replaceAll(/\\([*_])/g, '$1'))

  expect(titles).toEqual(suite.map(one => one.title))
})

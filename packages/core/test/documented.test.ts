import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const src = join(import.meta.dirname, '../src')
const read = (file: string): string => readFileSync(join(src, file), 'utf8')

/** What each entry point gives: names, by the file that declares them. */
function exported(entry: string): { file: string; name: string }[] {
  const from = (path: string): string => join(entry, '..', path)
  const text = read(entry)
  const all = [...text.matchAll(/^export type \* from '(.+)'/gm)].map(([, path = '']) => from(path))
  const named = [...text.matchAll(/^export (?:type )?\{([^}]+)\} from '(.+)'/gm)].flatMap(([, names = '', path = '']) =>
    names.split(',').flatMap(name => (name.trim() === '' ? [] : [{ file: from(path), name: name.trim() }])),
  )
  return [...named, ...[entry, ...all].flatMap(file => declared(file).map(name => ({ file, name })))]
}

const DECLARATION = /^export (?:async )?(?:function|class|interface|type|const) (\w+)/gm

function declared(file: string): string[] {
  return [...read(file).matchAll(DECLARATION)].map(([, name = '']) => name)
}

test('every public export has a doc comment', () => {
  const entries = ['index.ts', 'memory/index.ts', 'connect.ts', 'testing/index.ts', 'adapter/index.ts', 'protobuf.ts']
  const everything = entries.flatMap(exported)

  const bare = everything.filter(({ file, name }) => {
    const first = new RegExp(`^export (?:async )?(?:function|class|interface|type|const) ${name}\\b`, 'm').exec(
      read(file),
    )
    const before = read(file).slice(0, first?.index)
    return !/\*\/\n(?:\/\/.*\n)*$/.test(before)
  })

  expect(everything.length).toBeGreaterThan(150)
  expect(bare.map(({ file, name }) => `${file}: ${name}`)).toEqual([])
})

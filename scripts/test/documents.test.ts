import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../steps/root.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'bench/**/*.md', 'examples/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
}).map(page => page.replaceAll('\\', '/'))

const read = (page: string): string => readFileSync(join(root, page), 'utf8')
/** Without blocks of code. */
const prose = (page: string): string => read(page).replaceAll(/^ *(`{3,}).*?^ *\1/gms, '')

test.each(pages)('%s has no link that leads nowhere', page => {
  const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)

  expect(links.filter(link => !/^(https|mailto):/.test(link) && !leads(page, link))).toEqual([])
})

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return false
  if (anchor === undefined) return true
  return statSync(join(root, target)).isFile() && anchors(target).includes(anchor)
}

const anchors = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(
    ([, title = '']) =>
    title.toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-'), // prettier-ignore
  )

const files = globSync(['{packages,scripts,bench,examples,docs}/**', '*'], {
  cwd: root,
  exclude: ['**/node_modules/**', '**/dist/**'],
}).map(file => `/${file.replaceAll('\\', '/')}`)

test.each(pages)('%s names no file that is not there', page => {
  const spans = [...prose(page).matchAll(/`([^`\s]+)`/g)].map(([, text = '']) => text.replace(/\/$/, ''))
  // From the root, or, for a source, from any folder that holds one: `adapter/publishing.ts`.
  const paths = spans.filter(text => /^(packages|scripts|docs|examples|bench)\/[\w./-]+$|^[\w./-]+\.m?ts$/.test(text))

  expect(paths.filter(path => !path.includes('NNNN') && !files.some(file => file.endsWith(`/${path}`)))).toEqual([])
})

test.each(pages)('%s names no command that is not there', page => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }
  const named = [...read(page).matchAll(/\bnpm run ([a-z-]+)/g)].map(([, name = '']) => name)

  expect(named.filter(name => !(name in scripts))).toEqual([])
})

test.each(pages)('%s has no block of JSON that is none', page => {
  const blocks = [...read(page).matchAll(/^ *```json\n(.*?)^ *```/gms)].map(([, text = '']) => text)

  for (const block of blocks) expect(() => JSON.parse(block) as unknown).not.toThrow()
})

test('the page of examples lists every one', () => {
  const listed = [...read('examples/README.md').matchAll(/^\| \[([^\]]+)\]/gm)].map(([, name = '']) => name)
  const there = globSync('examples/*/', { cwd: root, withFileTypes: true }).map(({ name }) => name)

  expect(listed.toSorted()).toEqual(there.toSorted())
})

test("the README's figures are those of docs/zeromq/speed.md", () => {
  const [first = '', ...rows] = table(read('README.md'), 'native `zeromq`')
  const measured = table(read('docs/zeromq/speed.md'), 'raw net').filter(row => row[0] === '64')

  expect(first).toEqual(['', 'native `zeromq`', 'libzmq in C', 'rzmq'])
  expect(rows.map(([, ...figures]) => figures)).toEqual(measured.map(([, , ...figures]) => figures.slice(0, 3)))
})

/** The cells of the table whose head has this in it, its head first. */
function table(page: string, head: string): string[][] {
  const lines = page.split('\n')
  const start = lines.findIndex(line => line.startsWith('|') && line.includes(head))
  const length = lines.slice(start).findIndex(line => !line.startsWith('|'))
  return lines
    .slice(start, start + length)
    .filter(line => !/^\|[\s|:-]+\|$/.test(line))
    .map(line => line.slice(1, -1).split('|').map(cell => cell.trim())) // prettier-ignore
}

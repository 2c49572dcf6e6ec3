import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { installDependencies } from '../../start/dependencies.mjs'
import { fakeNpm } from './fake-npm.ts'

type Packages = Record<string, Record<string, unknown>>

const install = (root: string): Promise<void> => installDependencies(root, process.execPath, process.env)
const locked: Packages = { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } }

function writeLock(root: string, packages: Packages): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }))
}

function writeInstalled(root: string, packages: Packages): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
}

const installing = `require('fs').mkdirSync('node_modules', { recursive: true })`

test('a fresh clone is installed once, with everything that the lock names', async () => {
  const { folder, calls } = fakeNpm(installing)
  writeLock(folder, locked)

  await install(folder)
  await install(folder)

  expect(calls()).toEqual([expect.stringMatching(/^ci --include=dev --include=optional --include=peer /)])
})

test('a lock that changed is installed again', async () => {
  const { folder, calls } = fakeNpm(installing)
  writeLock(folder, locked)
  await install(folder)

  writeLock(folder, { ...locked, 'node_modules/b': { version: '2.0.0', integrity: 'sha512-b' } })
  await install(folder)

  expect(calls()).toHaveLength(2)
})

test('what somebody installed by hand is left alone where it is what the lock says', async () => {
  const { folder, calls } = fakeNpm()
  const foreign = { version: '1.0.0', optional: true, os: [process.platform === 'win32' ? 'linux' : 'win32'] }
  writeLock(folder, { ...locked, 'node_modules/foreign': foreign, 'packages/ours': {} })
  writeInstalled(folder, locked)

  await install(folder)

  expect(calls()).toEqual([])
})

test.each([
  ['another version', { 'node_modules/a': { version: '0.9.0', integrity: 'sha512-a' } }],
  ['other contents', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } }],
  ['nothing', {}],
])('%s in the place of what the lock says is installed over', async (_what, installed) => {
  const { folder, calls } = fakeNpm(installing)
  writeLock(folder, locked)
  writeInstalled(folder, installed)

  await install(folder)

  expect(calls()).toHaveLength(1)
})

test("a binary for this platform that an older Node's npm left out is installed", async () => {
  const { folder, calls } = fakeNpm(installing)
  const ours = { version: '1.0.0', optional: true, os: [process.platform], cpu: [process.arch] }
  writeLock(folder, { ...locked, 'node_modules/binary': ours })
  writeInstalled(folder, locked)

  await install(folder)

  expect(calls()).toHaveLength(1)
})

test('two that start at once install once', async () => {
  const { folder, calls } = fakeNpm(installing)
  writeLock(folder, locked)

  await Promise.all([install(folder), install(folder)])

  expect(calls()).toHaveLength(1)
})

test('without a network the error says so, and the next start tries again', async () => {
  const { folder, calls } = fakeNpm(`console.error('npm error code ENOTFOUND'); process.exit(1)`)
  writeLock(folder, locked)

  await expect(install(folder)).rejects.toThrow(/registry could not be reached/)
  await expect(install(folder)).rejects.toThrow(/registry could not be reached/)

  expect(calls()).toHaveLength(2)
})

import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { fetchNode } from '../../start/node.mjs'
import { fakeNpm } from './fake-npm.ts'

const ours = Number(process.versions.node.split('.')[0])

/** An npm whose Node is a link to the one that runs this. */
const linking = `
  const { mkdirSync, symlinkSync } = require('fs')
  const bin = 'node_modules/' + process.argv.find(word => /^node-/.test(word)).replace(/@.*/, '') + '/bin'
  mkdirSync(bin, { recursive: true })
  symlinkSync(process.execPath, bin + (process.platform === 'win32' ? '/node.exe' : '/node'))
`

test('a Node is fetched once, and two that fetch at once get the same and leave nothing behind', async () => {
  const { folder, calls } = fakeNpm(linking)
  vi.stubEnv('MILLRACE_CACHE', join(folder, 'cache'))

  const [node] = await Promise.all([fetchNode(ours), fetchNode(ours)])
  const again = await fetchNode(ours)

  expect(again).toBe(node)
  expect(realpathSync(again)).toBe(realpathSync(process.execPath))
  expect(readdirSync(join(folder, 'cache'))).toEqual([`node-${ours}`])
  expect(calls().length).toBeLessThanOrEqual(2)
})

test('a Node that does not run, or is another than asked for, is not kept', async () => {
  const { folder } = fakeNpm(linking)
  vi.stubEnv('MILLRACE_CACHE', join(folder, 'cache'))

  await expect(fetchNode(ours - 1)).rejects.toThrow(/does not run on this machine/)

  expect(readdirSync(join(folder, 'cache'))).toEqual([])
})

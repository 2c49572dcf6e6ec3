import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cached } from '../src/cache.ts'
import { locked } from '../src/lock.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cache-'))
  vi.stubEnv('MILLRACE_CACHE', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

test('what several want at once is fetched once', async () => {
  let fetched = 0
  const fill = async (target: string) => {
    fetched += 1
    await writeFile(join(target, 'program'), '')
  }

  const found = await Promise.all([cached('one', fill), cached('one', fill), cached('one', fill)])
  await cached('one', fill)

  expect(fetched).toBe(1)
  expect(new Set(found)).toEqual(new Set([join(folder, 'one')]))
})

test('what a failed fetch left behind is cleared before the next', async () => {
  const half = cached('one', async target => {
    await writeFile(join(target, 'half'), '')
    throw new Error('cut')
  })
  await expect(half).rejects.toThrow('cut')

  const found = await cached('one', target => writeFile(join(target, 'whole'), ''))

  expect(await readdir(found)).toEqual(['whole'])
})

test('a cache that was moved is fetched anew, since programs in it know their path', async () => {
  await cached('one', target => writeFile(join(target, 'old'), ''))
  const moved = `${folder}-moved`
  await rename(folder, moved)
  vi.stubEnv('MILLRACE_CACHE', moved)

  const found = await cached('one', target => writeFile(join(target, 'new'), ''))

  expect(await readdir(found)).toEqual(['new'])
  await rm(moved, { recursive: true })
})

test('a lock whose holder has died is taken over, and is never held twice', async () => {
  const lock = join(folder, 'lock')
  await writeFile(lock, JSON.stringify({ pid: process.pid, started: 'an earlier process with this pid' }))
  let inside = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++inside)
    await new Promise(setImmediate)
    inside -= 1
  }

  await Promise.all(Array.from({ length: 5 }, () => locked(lock, work)))

  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

import { afterEach, expect, test, vi } from 'vitest'
import { sharedFolder } from '../src/shared-instance.ts'

afterEach(() => vi.unstubAllEnvs())

test('a set of shared servers is named by a word, which leads nowhere else', () => {
  vi.stubEnv('MILLRACE_CACHE', '/cache')
  vi.stubEnv('MILLRACE_BROKERS', 'mine-2')
  expect(sharedFolder()).toBe('/cache/run/shared/mine-2')
  const run = `test-12-${encodeURIComponent('Mon Nov 30 17:25:01 2026')}`
  expect(sharedFolder(run)).toBe(`/cache/run/shared/${run}`)

  for (const name of ['../default', '..', '/tmp', 'a b', 'a/b', '.', 'x'.repeat(129)]) {
    vi.stubEnv('MILLRACE_BROKERS', name)
    expect(() => sharedFolder()).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  }
})

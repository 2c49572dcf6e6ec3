import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { start } from '../src/index.ts'

test('a server that does not start tells the end of its log, and leaves nothing behind', async () => {
  const failing = start('nats', { fresh: true, config: ['no_such_option: 1'] })

  const error = (await failing.catch((reason: unknown) => reason)) as Error & { code: string }

  expect(error.code).toBe('START_FAILED')
  expect(error.message).toMatch(/nats 2\.15\.1 did not start: it ended; the end of its log:\n.*no_such_option/s)
})

test('what cannot be had says so and why, and is not taken for fetched', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'millrace-start-'))
  vi.stubEnv('MILLRACE_CACHE', cache)
  vi.stubEnv('PATH', cache) // no apt, no Maven, no Java, no Python, no Go

  for (const name of ['kafka', 'rabbitmq', 'mosquitto', 'nats'] as const) {
    await expect(start(name, { fresh: true, say: () => undefined })).rejects.toMatchObject({
      code: 'NOT_AVAILABLE',
      message: expect.stringMatching(new RegExp(`^${name} .* cannot be had .*'apt-get'`)),
    })
  }
  vi.unstubAllEnvs()

  await expect(access(join(cache, 'rabbitmq/4.0.5.ok'))).rejects.toMatchObject({ code: 'ENOENT' })
  await rm(cache, { recursive: true })
})

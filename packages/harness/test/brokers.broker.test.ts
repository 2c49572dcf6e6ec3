import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { cacheFolder, start } from '../src/index.ts'
import { liveProcess } from '../src/live-process.ts'

const script = join(import.meta.dirname, '../../../scripts/brokers.ts')
const set = `test-${randomUUID().slice(0, 8)}`
const env = { ...process.env, MILLRACE_BROKERS: set }

afterAll(() => rm(join(cacheFolder(), 'run/shared', set), { recursive: true, force: true }))

test("'brokers up' starts what it names once, 'status' shows it, 'down' stops it and leaves others alone", async () => {
  await using other = await start('nats', { fresh: true })

  const first = await brokers('up', 'nats', 'mqtt', '--json')
  const again = await brokers('up', 'nats', '--json')
  const status = await brokers('status', '--json')
  const stopped = await brokers('down', 'nats', 'mosquitto', '--clear', '--json')
  const after = await brokers('status', '--json')

  expect(first).toEqual([
    {
      name: 'nats',
      url: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/),
      version: '2.15.1',
      pid: expect.any(Number),
    },
    { name: 'mosquitto', url: expect.stringMatching(/^mqtt:/), version: '2.0.21', pid: expect.any(Number) },
  ])
  expect(again).toEqual(first.slice(0, 1))
  expect(new Set(status)).toEqual(new Set(first))
  expect(new Set(stopped)).toEqual(new Set(first))
  expect(after).toEqual([])
  expect(first.map(({ pid }) => liveProcess(pid))).toEqual([undefined, undefined])
  expect(other.pid).toBeGreaterThan(0)
}, 120_000)

test('an unknown name, version, command or option exits with 2 and a message that says what there is', async () => {
  for (const [args, says] of [
    [['up', 'activemq'], 'kafka, rabbitmq, mosquitto, nats'],
    [['up', 'rabbitmq@2'], '4.0.5, 3.10.8'],
    [['restart'], 'up, down or status'],
    [['--nope'], "'--nope'"],
  ] as const) {
    await expect(brokers(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(says) })
  }
})

interface Row {
  name: string
  url: string
  version: string
  pid: number
}

async function brokers(...args: string[]): Promise<Row[]> {
  const node = ['--conditions=millrace-source', script, ...args]
  const { stdout } = await promisify(execFile)(process.execPath, node, { env })
  return JSON.parse(stdout) as Row[]
}

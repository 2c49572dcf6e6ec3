import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { start } from '@millrace/harness'
import { message } from 'millrace'
import { afterAll, expect, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'

const server = await start('rabbitmq', { fresh: true })
afterAll(() => server.stop())

test('after a consumer was killed in mid-batch the next gets what it had not acknowledged, and only that', async () => {
  await using broker = rabbitmq({ url: server.url })
  await broker.declare('batch', { group: 'g' })
  const sent = Array.from({ length: 60 }, (_, i) => message(String(i)))
  await broker.publish('batch', sent)
  const program = fileURLToPath(new URL('consumer.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=millrace-source', program, server.url, 'batch', '20'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { acked, held } = JSON.parse(line) as { acked: string[]; held: string[] }

  child.kill('SIGKILL')
  await once(child, 'exit')
  const next = await broker.subscribe('batch', { group: 'g' })
  const got = new Set<string>()
  while (got.size < 40) {
    const delivery = await next.receive({ signal: AbortSignal.timeout(15_000) })
    expect(delivery.attempt).toBe(1)
    got.add(delivery.message.id)
    delivery.ack()
  }
  await next.close()

  expect(acked).toHaveLength(20)
  expect(held.every(id => got.has(id))).toBe(true)
  expect(acked.some(id => got.has(id))).toBe(false)
})

import { message } from 'millrace'
import { MillraceError } from 'millrace/adapter'
import { expect, test, vi } from 'vitest'
import type { Outbound } from '../src/outbound.ts'
import type { KafkaRaw } from '../src/partition.ts'
import { Retries } from '../src/retries.ts'

const alive = (): number => process.getActiveResourcesInfo().filter(one => one === 'Timeout').length

test('a failure that cannot be moved after the consumer has stopped keeps no process alive until its retry', async () => {
  const before = alive()
  const refused = Promise.withResolvers<never>()
  const outbound: Pick<Outbound, 'write'> = { write: () => refused.promise }
  const due = vi.fn()
  const retries = new Retries({ outbound: outbound as Outbound, group: 'g', due })
  const raw = { topic: 't', message: message('a') } as unknown as KafkaRaw
  const moving = retries.put(raw, 2, 3_600_000)

  retries.stop()
  refused.reject(new MillraceError('CLOSED', 'kafka: closed'))

  expect(await moving).toBe(false)
  expect(alive()).toBe(before)
})

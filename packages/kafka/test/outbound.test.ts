import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { compressionsAlgorithms, Producer } from '@platformatic/kafka'
import { message } from 'millrace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Cluster } from '../src/cluster.ts'
import { plan } from '../src/options.ts'
import type { KafkaOptions } from '../src/options.ts'
import { Outbound } from '../src/outbound.ts'

afterEach(() => void vi.restoreAllMocks())

/** Over a cluster that has every topic with one partition, and where nobody listens. */
function outbound(options: Partial<KafkaOptions> = {}): Outbound {
  const known: Pick<Cluster, 'plan' | 'ensure' | 'partitions'> = {
    plan: plan({ url: 'kafka://127.0.0.1:1', ...options }),
    ensure: topic => Promise.resolve(topic),
    partitions: () => Promise.resolve(1),
  }
  return new Outbound(known as Cluster)
}

const forever = { signal: new AbortController().signal }

describe('a close that is cut short', () => {
  test('while a batch is being compressed makes no producer afterwards, and what was not sent is refused', async () => {
    const own = outbound({ compression: 'gzip' })
    const compress = vi.spyOn(compressionsAlgorithms.gzip, 'compress')
    const send = vi.spyOn(Producer.prototype, 'send')
    const written = own.write('t', [message(randomBytes(500_000))], forever)
    await vi.waitUntil(() => compress.mock.results.length > 0, { interval: 1 })

    await own.close(AbortSignal.abort())
    await compress.mock.results[0]!.value // waited for above
    await turn()

    expect(send).not.toHaveBeenCalled()
    expect(await written).toMatchObject([{ outcome: 'refused', error: { code: 'CLOSED' } }])
  })

  test('leaves no timer of a linger, and refuses what waited for it', async () => {
    const own = outbound({ linger: 60_000 })
    const alive = (): number => process.getActiveResourcesInfo().filter(one => one === 'Timeout').length
    const before = alive()
    const written = own.write('t', [message('a')], forever)
    await vi.waitUntil(() => alive() > before, { interval: 1 })

    await own.close(AbortSignal.abort())

    expect(alive()).toBe(before)
    expect(await written).toMatchObject([{ outcome: 'refused', error: { code: 'CLOSED' } }])
  })
})

test('what is written after the close is refused', async () => {
  const own = outbound()
  await own.close(forever.signal)

  await expect(own.write('t', [message('a')], forever)).rejects.toMatchObject({ code: 'CLOSED' })
})

test('twenty thousand calls that are given up together all end at once', async () => {
  const own = outbound({ linger: 60_000, batchBytes: 1e9 })
  const signals = Array.from({ length: 20_000 }, () => new AbortController())
  const written = signals.map(({ signal }) => own.write('t', [message('a'), message('b')], { signal }))
  await new Promise(resolve => setTimeout(resolve, 500)) // until they are asked whether their callers still wait

  const begun = performance.now()
  for (const one of signals) one.abort(new Error('enough'))
  const ended = await Promise.all(written)

  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(ended.flat().map(({ index, outcome }) => [index, outcome])).toEqual(
    signals.flatMap(() => [
      [0, 'refused'],
      [1, 'refused'],
    ]),
  )
  await own.close(AbortSignal.abort())
})

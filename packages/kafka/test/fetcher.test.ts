import { expect, test } from 'vitest'
import type { Cluster } from '../src/cluster.ts'
import { Fetcher } from '../src/fetcher.ts'
import { plan } from '../src/options.ts'
import { Partition } from '../src/partition.ts'

test('a leader that the cluster does not know is not asked for as fast as the cluster answers', async () => {
  let asked = 0
  const topics = new Map([['t', { id: 'id', partitions: [{ leader: 7 }], partitionsCount: 1 }]])
  const cluster = {
    plan: plan({ url: 'kafka://127.0.0.1:1' }),
    metadata: async () => {
      asked++
      return { topics, brokers: new Map() }
    },
  }
  const nothing = (): never => {
    throw new Error('it was not to happen')
  }
  const fetcher = new Fetcher({
    cluster: cluster as unknown as Cluster,
    partitions: () => [partition],
    arrived: nothing,
    outOfRange: nothing,
    failed: nothing,
  })
  const partition = new Partition('t', 0, 0)

  fetcher.kick()
  await new Promise(resolve => setTimeout(resolve, 300)) // it asks each 50 ms, or some thousand times
  await fetcher.stop()

  expect(asked).toBeGreaterThan(1)
  expect(asked).toBeLessThan(30)
})

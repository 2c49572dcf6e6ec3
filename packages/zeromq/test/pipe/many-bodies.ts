// Takes 512 MiB in bodies of the size given, writes to each and gives it up soon. Prints how often the whole heap was collected
// meanwhile, and how many pages the system had to find for each MiB.
//   many-bodies.ts SIZE
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { getHeapSpaceStatistics } from 'node:v8'
import { Bodies } from '../../src/pipe/bodies.ts'

const MIB = 1024 * 1024
const size = Number(process.argv[2])
let collections = 0
let faults = 0
const observer = new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if ((entry as unknown as { detail: { kind: number } }).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
      collections++
  }
})
observer.observe({ entryTypes: ['gc'] })

const bodies = new Bodies(() => {
  const space = getHeapSpaceStatistics().find(one => one.space_name === 'new_space')
  return space && { used: space.space_used_size, available: space.space_available_size }
})
const inHand: Buffer[] = []
// Of half as much again before that the collector learns what it has to do with.
for (let left = 768 * MIB; left > 0; left -= size) {
  if (left === 512 * MIB) {
    collections = 0
    faults = process.resourceUsage().minorPageFault
  }
  inHand.push(bodies.take(size).fill(1))
  if (inHand.length < 8) continue
  inHand.length = 0
  await nextTurn()
}
faults = process.resourceUsage().minorPageFault - faults
await nextTurn()
observer.disconnect()
console.log(JSON.stringify({ collections, pages: faults / 512 }))

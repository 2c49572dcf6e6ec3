import { expect, test } from 'vitest'
import { PacketIds } from '../src/packet-ids.ts'

test('an identifier in use is not given again, however often they go round', () => {
  const ids = new PacketIds()
  const kept = [ids.allocate(), ids.allocate()]

  const others = new Set<number | null>()
  for (let i = 0; i < 200_000; i++) {
    const id = ids.allocate()
    others.add(id)
    ids.deallocate(id ?? 0)
  }

  expect(kept).toEqual([1, 2])
  expect(others.size).toBe(65_533)
  for (const id of [1, 2, 0, null, 65_536]) expect(others.has(id)).toBe(false)
})

test('when all are in use there is none, until one is given back', () => {
  const ids = new PacketIds()
  for (let i = 0; i < 65_535; i++) ids.allocate()

  expect(ids.allocate()).toBeNull()
  ids.deallocate(77)

  expect(ids.allocate()).toBe(77)
  expect(ids.getLastAllocated()).toBe(77)
})

test('one that was registered is in use', () => {
  const ids = new PacketIds()

  expect(ids.register(1)).toBe(true)
  expect(ids.register(1)).toBe(false)

  expect(ids.allocate()).toBe(2)
})

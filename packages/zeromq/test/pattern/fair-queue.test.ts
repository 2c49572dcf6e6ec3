import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairQueue } from '../../src/pattern/fair-queue.ts'
import { FakePeer } from './fake.ts'

function texts(queue: FairQueue): string[] {
  const found: string[] = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) found.push(String(next[0]))
  return found
}

test('each peer is read once in a turn, however much one has', () => {
  const queue = new FairQueue()
  const busy = new FakePeer().says('a1').says('a2').says('a3')
  const calm = new FakePeer().says('b1')
  queue.attach(busy)
  queue.attach(calm)

  expect(texts(queue)).toEqual(['a1', 'b1', 'a2', 'a3'])
})

test('a peer that is gone is read to its end and then forgotten', () => {
  const forgotten: unknown[] = []
  const queue = new FairQueue(peer => forgotten.push(peer))
  const peer = new FakePeer().says('last')
  queue.attach(peer)
  queue.detach(peer)

  expect(forgotten).toEqual([])
  expect(texts(queue)).toEqual(['last'])
  expect(forgotten).toEqual([peer])
})

test('nothing is lost, doubled or reordered, whoever comes, speaks and goes', () => {
  const step = fc.record({ act: fc.constantFrom('say', 'say', 'take', 'come', 'go'), who: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), steps => {
      const queue = new FairQueue()
      const peers = new Map<number, FakePeer>()
      const said = new Map<FakePeer, string[]>()
      const heard = new Map<FakePeer, string[]>()
      let serial = 0
      const take = (): boolean => {
        const message = queue.take()
        if (message === undefined) return false
        const from = queue.last as FakePeer
        heard.set(from, [...(heard.get(from) ?? []), String(message[0])])
        return true
      }
      for (const { act, who } of steps) {
        const peer = peers.get(who)
        if (act === 'take') take()
        else if (act === 'come' && peer === undefined) {
          const fresh = new FakePeer()
          peers.set(who, fresh)
          queue.attach(fresh)
        } else if (act === 'go' && peer !== undefined) {
          peers.delete(who)
          queue.detach(peer)
        } else if (act === 'say' && peer !== undefined) {
          const text = String(serial++)
          said.set(peer, [...(said.get(peer) ?? []), text])
          peer.says(text)
          queue.readable(peer)
        }
      }
      while (take());

      expect(heard).toEqual(said)
    }),
    { numRuns: 300 },
  )
})

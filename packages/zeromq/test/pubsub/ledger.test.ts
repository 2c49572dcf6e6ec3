import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ledger, type Handed } from '../../src/pubsub/ledger.ts'

class Setup {
  readonly handed: { consumer: string; message: Handed<string> }[] = []
  readonly timers: (() => void)[] = []
  readonly ledger: Ledger<string>

  constructor(bound = 1000) {
    this.ledger = new Ledger<string>(
      {
        hand: (consumer, message) => void this.handed.push({ consumer, message }),
        after: (_, work) => void this.timers.push(work),
      },
      bound,
    )
  }

  join(id: string, group: string | undefined, credit: number, topic = 't'): void {
    this.ledger.join(id, { group, key: topic, wants: name => name === topic })
    if (credit > 0) this.ledger.credit(id, credit)
  }

  /** What was handed out since the last call, as consumer:message. */
  take(): string[] {
    return this.handed.splice(0).map(({ consumer, message }) => `${consumer}:${message.message}`)
  }
}

test('a group shares by turns, within credit; whoever has no group gets all', () => {
  const setup = new Setup()
  setup.join('a', 'g', 1)
  setup.join('b', 'g', 2)
  setup.join('c', undefined, 9)

  for (const text of ['1', '2', '3', '4']) setup.ledger.publish('t', text)

  expect(setup.take().toSorted()).toEqual(['a:1', 'b:2', 'b:3', 'c:1', 'c:2', 'c:3', 'c:4'])
  expect(setup.ledger.waiting).toBe(1)
})

test('what a consumer had when it went away goes to the next, in order, and is no failure', () => {
  const setup = new Setup()
  setup.join('a', 'g', 3)
  for (const text of ['1', '2', '3']) setup.ledger.publish('t', text)
  setup.ledger.settle('a', setup.handed[1]!.message.sequence, 'ack', 0)
  setup.take()

  setup.ledger.leave('a')
  setup.join('b', 'g', 9)

  const [first, second] = setup.handed
  expect([first?.message.message, second?.message.message]).toEqual(['1', '3'])
  expect([first?.message.attempt, first?.message.redelivered]).toEqual([1, true])
})

test('a nack counts, and waits as long as it says; a release does not', () => {
  const setup = new Setup()
  setup.join('a', 'g', 9)
  setup.ledger.publish('t', '1')
  const { sequence } = setup.handed[0]!.message

  setup.ledger.settle('a', sequence, 'nack', 500)
  expect(setup.handed).toHaveLength(1)
  setup.timers[0]!()
  expect(setup.handed[1]!.message).toMatchObject({ attempt: 2, redelivered: true })
  setup.ledger.settle('a', sequence, 'release', 0)

  expect(setup.handed[2]!.message.attempt).toBe(2)
})

test('a group remembers its topics while nobody is there, up to the bound', () => {
  const setup = new Setup(2)
  setup.join('a', 'g', 0)
  setup.ledger.leave('a')
  setup.ledger.publish('t', '1')
  expect(setup.ledger.hasRoom('t')).toBe(true)
  setup.ledger.publish('t', '2')
  expect(setup.ledger.hasRoom('t')).toBe(false)
  expect(setup.ledger.hasRoom('another')).toBe(true)
  let room = 0
  setup.ledger.onRoom(() => room++)

  setup.join('b', 'g', 1)

  expect(room).toBe(1)
  expect(setup.take()).toEqual(['b:1'])
  expect(setup.ledger.hasRoom('t')).toBe(true)
})

test('consumers of a group may want different topics', () => {
  const setup = new Setup()
  setup.join('a', 'g', 9, 'x')
  setup.join('b', 'g', 9, 'y')

  setup.ledger.publish('y', '1')
  setup.ledger.publish('x', '2')
  setup.ledger.publish('z', '3')

  expect(setup.take()).toEqual(['b:1', 'a:2'])
})

test('a strange settlement, credit or leaving is nothing', () => {
  const { ledger } = new Setup()

  ledger.settle('nobody', 1, 'ack', 0)
  ledger.credit('nobody', 5)
  ledger.leave('nobody')

  expect(ledger.waiting).toBe(0)
})

test('whoever comes, goes, acks and nacks: each message is acked once in the end, by the group', () => {
  const step = fc.record({ act: fc.constantFrom('publish', 'join', 'leave', 'ack', 'nack', 'timer'), who: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const setup = new Setup()
      const acked: string[] = []
      const inHand = new Map<string, Handed<string>[]>()
      let published = 0
      const collect = (): void => {
        for (const { consumer, message } of setup.handed.splice(0)) inHand.get(consumer)!.push(message)
      }
      const settle = (who: string, outcome: 'ack' | 'nack'): void => {
        const message = inHand.get(who)?.shift()
        if (message === undefined) return
        if (outcome === 'ack') acked.push(message.message)
        setup.ledger.settle(who, message.sequence, outcome, outcome === 'nack' ? 1 : 0)
        setup.ledger.credit(who, 1)
        collect()
      }
      setup.join('first', 'g', 0)
      inHand.set('first', [])
      for (const { act, who } of steps) {
        const id = String(who)
        if (act === 'publish') setup.ledger.publish('t', String(published++))
        else if (act === 'join' && !inHand.has(id)) {
          inHand.set(id, [])
          setup.join(id, 'g', 2)
        } else if (act === 'leave' && inHand.delete(id)) setup.ledger.leave(id)
        else if (act === 'ack' || act === 'nack') settle(id, act)
        else if (act === 'timer') setup.timers.shift()?.()
        collect()
      }
      for (const id of inHand.keys()) setup.ledger.leave(id)
      inHand.clear()
      setup.handed.length = 0
      for (const timer of setup.timers.splice(0)) timer()
      inHand.set('last', [])
      setup.join('last', 'g', 1_000)
      collect()
      while (inHand.get('last')!.length > 0) settle('last', 'ack')

      expect(acked.toSorted()).toEqual(Array.from({ length: published }, (_, i) => String(i)).toSorted())
    }),
    { numRuns: 200 },
  )
})

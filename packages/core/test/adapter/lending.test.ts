import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { broker } from '../../src/adapter/broker.ts'
import type { AttachSpec, Raw, Settlement, Sink, Source } from '../../src/adapter/driver.ts'
import type { Delivery } from '../../src/contract.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { raw, ScriptedDriver } from './scripted-driver.ts'

/** A pulled source that notes what it is asked. */
class LendingSource implements Source {
  readonly asked: string[] = []
  readonly #waiting: Raw[]

  constructor(...waiting: Raw[]) {
    this.#waiting = waiting
  }

  take(): Raw | undefined {
    return this.#next('take')
  }

  lend(): Raw | undefined {
    return this.#waiting[0]?.attempt === 1 ? this.#next('lend') : undefined
  }

  keep(one: Raw): void {
    this.asked.push(`keep ${one.origin['name']}`)
  }

  done(one: Raw): void {
    this.asked.push(`done ${one.origin['name']}`)
  }

  settle(batch: readonly Settlement[]): void {
    for (const { raw: one, outcome } of batch) this.asked.push(`${outcome} ${one.origin['name']}`)
  }

  pause(): void {}

  stop(): Promise<void> {
    return Promise.resolve()
  }

  #next(how: string): Raw | undefined {
    const one = this.#waiting.shift()
    if (one) this.asked.push(`${how} ${one.origin['name']}`)
    return one
  }
}

const named = (name: string, fields: Partial<Raw> = {}): Raw => raw(name, { origin: { name }, ...fields })

class LendingDriver extends ScriptedDriver {
  readonly lender: LendingSource

  constructor(lender: LendingSource) {
    super(virtualClock())
    this.lender = lender
  }

  override attach(_: AttachSpec, __: Sink): Promise<LendingSource> {
    return Promise.resolve(this.lender)
  }
}

async function asked(handler: (delivery: Delivery) => void | Promise<void>, ...waiting: Raw[]): Promise<string[]> {
  const driver = new LendingDriver(new LendingSource(...waiting))
  await using made = broker(driver)
  const subscription = await made.subscribe('t', { group: 'g', deadLetter: false })
  void subscription.each(handler)
  for (let i = 0; i < 5; i++) await turn()
  return driver.lender.asked
}

test('what is acked in the turn of its handler is only lent', async () => {
  const handler = (delivery: Delivery): void => void (delivery.message.id === 'b' && delivery.ack())
  expect(await asked(handler, named('a'), named('b'))).toEqual(['lend a', 'done a', 'lend b', 'done b'])
})

test.each<[string, (delivery: Delivery) => void | Promise<void>, string[]]>([
  ['whose handler goes on', () => turn(), ['lend a', 'keep a', 'done a']],
  ['that is nacked', delivery => void delivery.nack(), ['lend a', 'keep a', 'nack a']],
  ['whose handler throws', () => { throw new Error('no') }, ['lend a', 'keep a', 'nack a']], // prettier-ignore
  ['that is released', delivery => void delivery.release(), ['lend a', 'keep a', 'release a']],
])('one %s is kept first, once', async (_, handler, calls) => {
  expect(await asked(handler, named('a'))).toEqual(calls)
})

test('what cannot be lent is taken', async () => {
  expect(await asked(() => undefined, named('a'), named('b', { attempt: 2 }))).toEqual(['lend a', 'done a', 'take b', 'done b']) // prettier-ignore
})

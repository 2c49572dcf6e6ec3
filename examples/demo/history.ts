import type { Broker } from 'millrace'
import { Departures } from './topics.ts'

export interface History {
  readonly count: number
  /** Minutes in all. */
  readonly delay: number
  /** ms. */
  readonly took: number
}

/** A group that was not there before reads everything from the start, as fast as it goes. */
export async function readHistory(broker: Broker, until: number, signal: AbortSignal): Promise<History> {
  const began = performance.now()
  const departures = await broker.subscribe(Departures.name, { group: 'history', from: 'earliest', prefetch: 1_000 })
  const done = new AbortController()
  let count = 0
  let delay = 0
  await departures.each(
    delivery => {
      const departure = Departures.decode(delivery.message)
      if (departure instanceof Promise) throw new TypeError('departures are decoded at once')
      delay += departure.delay
      if (++count === until) done.abort()
    },
    { signal: AbortSignal.any([done.signal, signal]) },
  )
  const took = performance.now() - began
  await departures.close()
  return { count, delay, took }
}

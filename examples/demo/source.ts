import { setTimeout as sleep } from 'node:timers/promises'
import { message } from 'millrace'
import type { Broker, Message } from 'millrace'
import type { Flight } from './data.ts'
import { Flights, OldTerminal } from './topics.ts'
import type { NumberedFlight } from './topics.ts'

/** Every so many flights one comes from the old terminal. */
export const UNREADABLE_EVERY = 500

/** Where the replay of the quarter stands. */
export interface Quarter {
  /** The last flight's day, `2001-01-31`. */
  day: string
  published: number
}

export interface SourceOptions {
  /** ms for the whole quarter. */
  readonly takes: number
  readonly quarter: Quarter
  /** Called with each message's id when it is published. */
  readonly stamp: (id: string) => void
  readonly signal: AbortSignal
}

/** Publishes the flights at the times at which they left, a quarter of a year in a few seconds. */
export async function publishFlights(
  broker: Broker,
  flights: readonly Flight[],
  options: SourceOptions,
): Promise<void> {
  const { takes, quarter, stamp, signal } = options
  const messages = await Promise.all(numbered(flights).map(messageOf))
  const times = flights.map(flight => Date.parse(`${flight.date.replaceAll('/', '-')}Z`))
  const first = times[0] ?? 0
  const span = (times.at(-1) ?? 0) - first || 1
  const began = performance.now()
  while (quarter.published < messages.length) {
    const until = first + ((performance.now() - began) / takes) * span
    let to = quarter.published
    while (to < messages.length && (times[to] ?? 0) <= until) to++
    const due = messages.slice(quarter.published, to)
    for (const { id } of due) stamp(id)
    if (due.length > 0) await broker.publish(Flights.name, due, { signal })
    quarter.published = to
    quarter.day = new Date(times[Math.max(0, to - 1)] ?? 0).toISOString().slice(0, 10)
    await sleep(10, undefined, { signal })
  }
}

/** Each with its number among the departures of its airport. */
function numbered(flights: readonly Flight[]): NumberedFlight[] {
  const counts = new Map<string, number>()
  return flights.map(flight => {
    const nth = (counts.get(flight.origin) ?? 0) + 1
    counts.set(flight.origin, nth)
    return { ...flight, nth }
  })
}

async function messageOf(flight: NumberedFlight, index: number): Promise<Message> {
  const id = `flight-${String(index + 1).padStart(5, '0')}`
  if ((index + 1) % UNREADABLE_EVERY !== 0) return Flights.message(flight, { id })
  return message(await OldTerminal.encode(flight, { topic: Flights.name, metadata: {} }), { id, key: flight.origin })
}

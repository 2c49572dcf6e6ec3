import { OrderWatch } from './order.ts'
import type { Departure } from './topics.ts'

interface Sum {
  flights: number
  delay: number
}

/** The aggregates: what all departures come to. */
export class Board {
  readonly order: OrderWatch = new OrderWatch()
  /** Mean delays by the hour of departure, 0 to 23. */
  readonly hours: Sum[] = Array.from({ length: 24 }, () => ({ flights: 0, delay: 0 }))
  readonly airports: Map<string, Sum> = new Map()
  flights = 0
  delay = 0

  add(departure: Departure): void {
    // What was repaired comes late by nature.
    if (!departure.repaired) this.order.see(departure.origin, departure.nth)
    this.flights++
    this.delay += departure.delay
    const airport = this.airports.get(departure.origin) ?? { flights: 0, delay: 0 }
    this.airports.set(departure.origin, airport)
    for (const sum of [airport, this.hours[Number(departure.date.slice(11, 13))]])
      if (sum) {
        sum.flights++
        sum.delay += departure.delay
      }
  }
}

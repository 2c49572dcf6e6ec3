import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { correlation, silent, Router, to } from 'millrace'
import type { Broker, HandlerHandle, Output, Topic } from 'millrace'
import type { Board } from './board.ts'
import type { Airport } from './data.ts'
import type { OrderWatch } from './order.ts'
import { Alerts, Departures, FixedFlights, Flights, Rebookings } from './topics.ts'
import type { Departure, NumberedFlight } from './topics.ts'

export const HOUR_LATE = 60
export const THREE_HOURS_LATE = 180
/** The booking desk answers at the third attempt. */
export const DESK_ANSWERS = 3
export const TEXTS = { rate: 3, per: 20 } as const

/** What the handlers share, and what they leave behind. */
export interface Works {
  readonly broker: Broker
  readonly airports: ReadonlyMap<string, Airport>
  readonly board: Board
  /** What happens to order without `orderBy`. */
  readonly unordered: OrderWatch
  readonly archive: { batches: number; bytes: number; packed: number }
}

/** The whole stream: who listens to what, with which policies. */
export function flightRouter(works: Works): { router: Router; enrich: HandlerHandle } {
  const { broker, board, archive, unordered } = works
  const router = new Router({ logger: silent })
  router.use(correlation())

  const enrich = addEnrich(router, works, Flights)

  router.handle('board', { subscriber: broker, topic: Departures }, departure => board.add(departure))

  router.batch(
    'archive',
    { subscriber: broker, topic: Departures, batch: { size: 250, within: 100 } },
    async departures => {
      const lines = departures.map(departure => JSON.stringify(departure)).join('\n')
      archive.batches++
      archive.bytes += lines.length
      archive.packed += (await promisify(gzip)(lines)).length
    },
  )

  // The provider takes 150 texts a second and no more: what has no place yet waits with the broker.
  router.handle('text', { subscriber: broker, topic: Alerts, throttle: TEXTS }, () => undefined)

  router.handle(
    'rebook',
    {
      subscriber: broker,
      topic: Rebookings,
      concurrency: 8,
      redeliver: { attempts: 5, backoff: { base: 100, max: 400 } },
    },
    (_, { delivery }) => {
      if (delivery.attempt < DESK_ANSWERS) throw new Error('the booking desk does not answer')
    },
  )

  // The same work as `enrich`, with everything but `orderBy`: what it is good for.
  router.handle('loose', { subscriber: broker, topic: FixedFlights, concurrency: 64 }, async flight => {
    await lookUp(works, flight)
    unordered.see(flight.origin, flight.nth)
  })
  return { router, enrich }
}

/** 64 at a time, one of each airport. What cannot be read goes to `flights.enrich.dead`. */
export function addEnrich(router: Router, works: Works, topic: Topic<NumberedFlight>): HandlerHandle {
  const spec = { subscriber: works.broker, topic, publishTopic: Departures, concurrency: 64, timeout: 5_000 }
  return router.handle(
    'enrich',
    { ...spec, orderBy: ({ message }) => message.key },
    async (flight, { delivery }): Promise<Output<Departure>[]> => {
      const departure = {
        ...flight,
        ...(await lookUp(works, flight)),
        repaired: delivery.message.metadata['repaired'] === 'yes',
      }
      const out: Output<Departure>[] = [departure]
      if (flight.delay >= HOUR_LATE) out.push(to(Alerts, departure))
      if (flight.delay >= THREE_HOURS_LATE) out.push(to(Rebookings, departure))
      return out
    },
  )
}

/** Asks for both cities, as if of a service that takes now this long and now that. */
async function lookUp(works: Works, flight: NumberedFlight): Promise<{ from: string; to: string }> {
  const wait = (flight.nth * 7 + flight.distance) % 4
  await (wait === 0 ? turn() : sleep(wait))
  const name = (code: string): string => {
    const airport = works.airports.get(code)
    if (!airport) throw new Error(`there is no airport ${code}`)
    return `${airport.city}, ${airport.state}`
  }
  return { from: name(flight.origin), to: name(flight.destination) }
}

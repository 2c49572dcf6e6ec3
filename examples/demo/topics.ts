import { jsonCodec, topic } from 'millrace'
import type { Codec, Topic } from 'millrace'
import { z } from 'zod'
import type { Flight } from './data.ts'

/** A flight, and the how manyth departure of its airport it is: what shows whether order was kept. */
export interface NumberedFlight extends Flight {
  readonly nth: number
}

export interface Departure extends NumberedFlight {
  readonly from: string
  readonly to: string
  /** It was dead and came back. */
  readonly repaired: boolean
}

const flight = z.object({
  date: z.string().regex(/^2001\/0[1-3]\/\d\d \d\d:\d\d$/),
  delay: z.int(),
  distance: z.int().positive(),
  origin: z.string().length(3),
  destination: z.string().length(3),
  nth: z.int().positive(),
})

const departure = flight.extend({ from: z.string(), to: z.string(), repaired: z.boolean() })

/** As they come in. The airport is the key: its departures keep their order. */
export const Flights: Topic<NumberedFlight> = topic('flights', { schema: flight, key: one => one.origin })

/** With the names of both cities. */
export const Departures: Topic<Departure> = topic('departures', { schema: departure, key: one => one.origin })

/** An hour late or more: the passengers get a text message. */
export const Alerts: Topic<Departure> = topic('alerts', { schema: departure, key: one => one.origin })

/** Three hours late or more: connections have to be booked anew. */
export const Rebookings: Topic<Departure> = topic('rebookings', { schema: departure, key: one => one.origin })

/** What one airport's old terminal sends instead: comma-separated, the delay with its unit. Nobody had told us. */
export const OldTerminal: Codec<NumberedFlight> = {
  contentType: 'text/csv',
  encode: one => bytesOf(`${one.date},${one.delay} min,${one.distance},${one.origin},${one.destination},${one.nth}`),
  decode: payload => {
    const [date = '', delay = '', distance, origin = '', destination = '', nth] = Buffer.from(payload)
      .toString('utf8')
      .split(',')
    return {
      date,
      delay: Number.parseInt(delay, 10),
      distance: Number(distance),
      origin,
      destination,
      nth: Number(nth),
    }
  },
}

/** The same topic after the fix: it reads both. */
export const FixedFlights: Topic<NumberedFlight> = topic('flights', {
  schema: flight,
  key: one => one.origin,
  codec: {
    ...jsonCodec,
    decode: (payload, context) => (payload[0] === 0x7b ? jsonCodec : OldTerminal).decode(payload, context),
  },
})

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

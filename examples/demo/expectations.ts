import type { Board } from './board.ts'
import type { Flight } from './data.ts'
import { DESK_ANSWERS, HOUR_LATE, TEXTS, THREE_HOURS_LATE } from './handlers.ts'
import type { Ledger } from './ledger.ts'
import type { DeadLetter } from './repair.ts'
import { UNREADABLE_EVERY } from './source.ts'

export interface Check {
  readonly what: string
  readonly expected: number
  readonly actual: number
}

/** What the run left behind. */
export interface Outcome {
  readonly ledger: Ledger
  readonly board: Board
  readonly letters: readonly DeadLetter[]
  readonly history: { readonly count: number; readonly delay: number }
  readonly unsettled: number
}

/** What must have come out, worked out from the data set alone, beside what did. */
export function expectations(flights: readonly Flight[], outcome: Outcome): Check[] {
  const { ledger, board, letters, history, unsettled } = outcome
  const total = flights.length
  const unreadable = Math.floor(total / UNREADABLE_EVERY)
  const late = flights.filter(flight => flight.delay >= HOUR_LATE).length
  const veryLate = flights.filter(flight => flight.delay >= THREE_HOURS_LATE).length
  const delay = flights.reduce((sum, flight) => sum + flight.delay, 0)
  const { times } = ledger.account('text')
  const took = (times.at(-1) ?? 0) - (times[0] ?? 0)
  const allowed = (Math.ceil(took / TEXTS.per) + 1) * TEXTS.rate
  const check = (what: string, expected: number, actual: number): Check => ({ what, expected, actual })
  return [
    check('departures out of order', 0, board.order.outOfOrder),
    check('flights enriched', total, ledger.count('enrich', 'acked')),
    check('flights dead-lettered', unreadable, ledger.count('enrich', 'rejected')),
    check('dead letters with their history', unreadable, letters.filter(({ history }) => history?.topic === 'flights' && history.attempts === 1).length), // prettier-ignore
    check('departures on the board', total, board.flights),
    check('minutes of delay on the board', delay, board.delay),
    check('departures archived', total, ledger.count('archive', 'acked')),
    check('texts sent', late, ledger.count('text', 'acked')),
    check('texts beyond the rate', 0, Math.max(0, times.length - allowed)),
    check('connections booked anew', veryLate, ledger.count('rebook', 'acked')),
    check('failed attempts before that', veryLate * (DESK_ANSWERS - 1), ledger.count('rebook', 'nacked')),
    check('departures read again from the start', total, history.count),
    check('minutes of delay in them', delay, history.delay),
    check('messages that nobody settled', 0, unsettled),
  ]
}

import type { Board } from './board.ts'
import type { Check } from './expectations.ts'
import { percentile } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import type { DeadLetter } from './repair.ts'
import { bar, count, duration, print, sparkline, style } from './screen.ts'

const HANDLERS: readonly (readonly [string, string])[] = [
  ['enrich', 'flights → departures, alerts…'],
  ['board', 'departures'],
  ['archive', 'departures, in batches'],
  ['text', 'alerts, throttled'],
  ['rebook', 'rebookings, fails twice'],
  ['loose', 'flights, no order'],
]

/** What went where, how often it failed, how fast it was. */
export function table(ledger: Ledger): void {
  print(style('bold', row('handler', 'reads', ['acked', 'failed', 'dead', 'a sec', 'p50', 'p99'])))
  for (const [handler, reads] of HANDLERS) {
    const { times, latencies } = ledger.account(handler)
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000 || 1
    const counts = (['acked', 'nacked', 'rejected'] as const).map(outcome => count(ledger.count(handler, outcome)))
    const latency = [0.5, 0.99].map(part => duration(percentile(latencies, part)))
    print(row(handler, reads, [...counts, count(times.length / seconds), ...latency]))
  }
}

function row(handler: string, reads: string, numbers: readonly string[]): string {
  const widths = [6, 6, 4, 6, 6, 6]
  const columns = numbers.map((number, index) => number.padStart(widths[index] ?? 0))
  return `  ${handler.padEnd(7)} ${reads.padEnd(29)} ${columns.join(' ')}`
}

/** When it went there. */
export function timeline(ledger: Ledger, span: number): void {
  const width = 68
  for (const [handler] of HANDLERS)
    print(`  ${handler.padEnd(7)} ${style('cyan', sparkline(ledger.account(handler).times, span, width))}`)
  print(style('dim', `  ${' '.repeat(8)}0 s${duration(span).padStart(width - 3)}`))
}

/** What was learnt from the data. */
export function delays(board: Board): void {
  const spans = [6, 9, 12, 15, 18, 21].map(hour => {
    const sums = board.hours.slice(hour, hour + 3)
    const flights = sums.reduce((all, sum) => all + sum.flights, 0)
    return { hour, flights, mean: sums.reduce((all, sum) => all + sum.delay, 0) / (flights || 1) }
  })
  const most = Math.max(1, ...spans.map(({ mean }) => mean))
  for (const { hour, flights, mean } of spans)
    print(
      `  ${clock(hour)}–${clock(hour + 3)}  ${style('yellow', bar(mean / most, 40))} ${mean.toFixed(1).padStart(5)} min ${style('dim', `${count(flights).padStart(6)} flights`)}`,
    )
}

/** One dead letter, as whoever repairs it sees it. */
export function deadLetters(letters: readonly DeadLetter[]): void {
  const [first] = letters
  if (!first) return
  const { history } = first
  print(`  ${letters.length} dead letters; the first, ${first.id}:`)
  print(`    payload  ${first.payload}`)
  print(`    from     topic ${history?.topic}, group ${history?.group}, attempts ${history?.attempts}`)
  // The topic and the id stand above.
  print(`    error    ${(history?.error ?? '').replace(/^.* cannot be read: /, '').slice(0, 60)}`)
}

/** True when everything is as it must be. */
export function verdict(checks: readonly Check[]): boolean {
  const wrong = checks.filter(({ expected, actual }) => expected !== actual)
  for (const { what, expected, actual } of wrong)
    print(style('red', `  ✗ ${what}: ${count(actual)}, not ${count(expected)}`))
  return wrong.length === 0
}

function clock(hour: number): string {
  return String(hour).padStart(2, '0')
}

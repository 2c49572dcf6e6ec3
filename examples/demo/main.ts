/**
 * The main job, on real data: three months of US flights as messages, typed and validated, enriched in parallel with
 * their order kept, aggregated, archived, throttled, failed, dead-lettered, repaired and read again. No broker to install.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { memory } from 'millrace/memory'
import { Board } from './board.ts'
import { airports, flights as load } from './data.ts'
import { expectations } from './expectations.ts'
import { addEnrich, flightRouter } from './handlers.ts'
import { readHistory } from './history.ts'
import { Ledger } from './ledger.ts'
import { OrderWatch } from './order.ts'
import { replayDeadLetters } from './repair.ts'
import { deadLetters, delays, table, timeline, verdict } from './report.ts'
import { bar, count, duration, print, Progress, style } from './screen.ts'
import { publishFlights } from './source.ts'
import { FixedFlights } from './topics.ts'

const HELP = `npm run demo -- [options]

Publishes three months of US flights (vega-datasets) through the memory broker, and
shows what went where. Checks its own result: ends with 1 when a count is wrong.

  --seconds N   how long the three months take, 1 to 600 (default 6)
  --help        this

NO_COLOR=1 turns colour off.`

process.exitCode = await start(options(process.argv.slice(2)))

/** What was asked for, or what is wrong with it. */
function options(args: string[]): { seconds: number } | { help: true } | { wrong: string } {
  try {
    const known = { seconds: { type: 'string', default: '6' }, help: { type: 'boolean' } } as const
    const { values } = parseArgs({ args, options: known })
    if (values.help) return { help: true }
    const seconds = Number(values.seconds)
    if (seconds >= 1 && seconds <= 600) return { seconds }
    return { wrong: `--seconds is a number from 1 to 600, not ${values.seconds}` }
  } catch (error) {
    return { wrong: (error as Error).message }
  }
}

/** Returns the exit code. */
async function start(asked: ReturnType<typeof options>): Promise<number> {
  if ('seconds' in asked) return demo(asked.seconds * 1_000)
  if ('help' in asked) print(HELP)
  else process.stderr.write(`${asked.wrong}\n`)
  return 'help' in asked ? 0 : 2
}

async function demo(takes: number): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const overdue = AbortSignal.timeout(takes + 90_000)
  const signal = AbortSignal.any([stop.signal, overdue])

  const flights = load()
  const ledger = new Ledger()
  const broker = memory({ retain: { messages: 50_000, bytes: 64 * 1024 * 1024 } })
  const quarter = { day: '2001-01-01', published: 0 }
  const works = {
    broker,
    airports: airports(),
    board: new Board(),
    unordered: new OrderWatch(),
    archive: { batches: 0, bytes: 0, packed: 0 },
  }
  const { router, enrich } = flightRouter(works)

  print()
  print(style('bold', `  Millrace: ${count(flights.length)} US flights, January to March 2001`))
  print(style('dim', '  flights ─ enrich ─┬─ departures ─┬─ board     counts and means'))
  print(style('dim', '     │              │              └─ archive   in batches, zipped'))
  print(style('dim', '     └─ loose       ├─ alerts ─ text            150 a second, no more'))
  print(style('dim', '                    ├─ rebookings ─ rebook      fails twice each time'))
  print(style('dim', '                    └─ flights.enrich.dead      what cannot be read'))
  print()
  const progress = new Progress(
    () =>
      `  ${quarter.day} ${bar(quarter.published / flights.length, 12)} ${count(ledger.count('board', 'acked')).padStart(6)} flights · ${count(ledger.count('text', 'acked'))} texts · ${ledger.count('rebook', 'nacked')} failed · ${ledger.count('enrich', 'rejected')} dead`,
  )
  const quiet = async (pending: () => number): Promise<void> => {
    while (pending() > 0) await sleep(10, undefined, { signal })
  }

  try {
    const run = router.run()
    await router.running
    await publishFlights(broker, flights, { takes, quarter, stamp: ledger.stamp, signal })
    await quiet(() => broker.statistics().topics['flights']?.groups['enrich']?.pending ?? 0)

    // The fix goes live: another handler takes the place of the first, in its group, while all others go on.
    await enrich.remove()
    await addEnrich(router, works, FixedFlights).started
    const letters = await replayDeadLetters(broker, ledger.stamp, signal)
    await quiet(() => broker.statistics().pending)
    const span = ledger.now

    const history = await readHistory(broker, flights.length, signal)
    const unsettled = broker.statistics().pending
    await router.close()
    await run
    progress.close()

    table(ledger)
    print(style('dim', '  Times are from the flight’s publish to this handler’s ack, waiting included.'))
    print()
    timeline(ledger, span)
    print()
    deadLetters(letters)
    print('  Then another handler took over that reads them; they were published again.')
    print()
    print('  Order, 64 at a time: ' + style('bold', `${works.board.order.outOfOrder} of ${count(flights.length)} out of order`) + `; without orderBy ${count(works.unordered.outOfOrder)}`) // prettier-ignore
    const { batches, bytes, packed } = works.archive
    print(`  Archive: ${batches} batches, ${count(bytes / 1_000)} kB in ${count(packed / 1_000)} kB`)
    print(`  History: a new group read ${count(history.count)} again in ${duration(history.took)}, ${count(history.count / history.took)} thousand a second`) // prettier-ignore
    print()
    print('  Mean delay by the hour of departure')
    delays(works.board)
    print()
    const checks = expectations(flights, { ledger, board: works.board, letters, history, unsettled })
    if (!verdict(checks)) return 1
    print(style('green', `  ✓ ${checks.length} counts checked against the data set; all are right`))
    return 0
  } catch (error) {
    if (!signal.aborted) throw error
    progress.close()
    if (stop.signal.aborted) {
      print('  stopped')
      return 130
    }
    print(style('red', `  ✗ not over in time: ${count(broker.statistics().pending)} messages are not settled`))
    return 1
  } finally {
    progress.close()
    await router.close({ timeout: 1_000 })
    await broker.close({ timeout: 1_000 })
    ledger.close()
  }
}

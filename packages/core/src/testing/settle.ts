import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { known, milliseconds } from '../bounds.ts'
import { MillraceError } from '../errors.ts'
import type { Journal } from './journal.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** How far a test lets things go. */
export interface SettleOptions {
  /** ms of the virtual clock that it may move on in all. Default one day. */
  readonly within?: number
  /**
   * ms of real time for a handler that waits for neither the clock nor a promise (for a file, a socket) before the clock
   * is moved to the timeouts and leases that watch over it. Default 100.
   */
  readonly patience?: number
}

/** What is still to come. */
export interface Unsettled {
  readonly pending: Readonly<Record<string, number>>
  readonly writes: number
  /** Subscriptions that are not attached again yet. */
  readonly detached: number
}

export interface Settling extends SettleOptions {
  readonly clock: VirtualClock
  readonly journal: Journal
  readonly unsettled: () => Unsettled
}

/** Turns of the event loop without an event after which all that needs neither time nor IO has happened. */
const TURNS = 5
const DAY = 24 * 3_600_000

const OPTIONS = { within: true, patience: true } satisfies Record<keyof SettleOptions, true>

/** @throws BAD_OPTION */
export function checkSettleOptions(options: SettleOptions): void {
  known('settled', options, OPTIONS)
  for (const name of ['within', 'patience'] as const) {
    const value = options[name]
    if (value !== undefined) milliseconds(`settled: ${name}`, value, 0, Infinity)
  }
}

/** Resolves when nothing is left to come. @throws TIMEOUT */
export async function settle(settling: Settling): Promise<void> {
  const { clock, journal, unsettled, within = DAY, patience = 100 } = settling
  const end = clock.now() + within
  for (;;) {
    await quiet(journal)
    const left = unsettled()
    const working = left.writes > 0 || Object.keys(left.pending).length > 0
    if (!working && left.detached === 0) return
    const waiting = clock.next('foreground') !== undefined
    // A subscription that was closed while its connection was down never comes back.
    if (!working && !waiting) return
    // Only what watches over a handler is waiting for time: the handler itself may be at work.
    if (!waiting && journal.inHand > 0 && (await moves(journal, patience))) continue
    const next = clock.next()
    if (next === undefined || clock.now() + next > end) throw unsettledError(left, clock.now() + within - end)
    await clock.advance(next)
  }
}

async function quiet(journal: Journal): Promise<void> {
  let version = journal.version
  for (let still = 0; still < TURNS; still++) {
    await turn()
    if (journal.version !== version) {
      version = journal.version
      still = 0
    }
  }
}

/** Whether anything happens within so many real ms. */
async function moves(journal: Journal, patience: number): Promise<boolean> {
  const { version } = journal
  for (const until = performance.now() + patience; performance.now() < until;) {
    await sleep(1)
    if (journal.version !== version) return true
  }
  return false
}

function unsettledError({ pending, writes, detached }: Unsettled, moved: number): MillraceError {
  const what = [
    ...Object.entries(pending).map(([where, count]) => `${count} pending (${where})`),
    ...(writes > 0 ? [`${writes} publishes on their way`] : []),
    ...(detached > 0 ? [`${detached} subscriptions without a connection`] : []),
  ]
  return new MillraceError('TIMEOUT', `not settled after ${moved} ms of the virtual clock: ${what.join('; ')}`)
}

import { graceOf } from '../adapter/grace.ts'
import type { Plugin } from './router.ts'

/** Which signals close a router, and how. */
export interface SignalsOptions {
  /** Default SIGINT and SIGTERM. */
  readonly signals?: readonly NodeJS.Signals[]
  /** ms for the work in hand, 0 or more. Default 30,000. */
  readonly timeout?: number
  /** What the signals come from; for tests. */
  readonly source?: Pick<NodeJS.EventEmitter, 'on' | 'off'>
}

/** Closes the router at the first signal, and hard at the second: without waiting for what is in hand. @throws BAD_OPTION */
export function signals(options: SignalsOptions = {}): Plugin {
  const { signals: names = ['SIGINT', 'SIGTERM'], source = process } = options
  const timeout = graceOf(options)
  return router => {
    let first = true
    const onSignal = (): void => {
      void router.close({ timeout: first ? timeout : 0 })
      first = false
    }
    for (const name of names) source.on(name, onSignal)
    return () => {
      for (const name of names) source.off(name, onSignal)
    }
  }
}

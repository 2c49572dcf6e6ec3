import type { Attempt, Context, Middleware } from '../handler.ts'
import type { HandlerReport } from './runner.ts'
import type { HandlerStats } from './stats.ts'

/** Where middleware goes; the last argument of `use`. */
export interface UseOptions {
  /** 'attempt': inside the retries. 'delivery': around them, once. Default: what the middleware says, else 'attempt'. */
  readonly per?: 'attempt' | 'delivery'
}

/** How long a handler may take to stop. */
export interface StopOptions {
  /** ms for the work in hand. Default 30,000. */
  readonly timeout?: number
}

/** One of a router's handlers, as its owner sees it. */
export interface HandlerHandle<C extends Attempt = Context> {
  readonly name: string
  /** Adds middleware, inside the router's. Before it starts: the chain is made then. @throws BAD_OPTION after */
  use(...middleware: readonly (Middleware<C> | UseOptions)[]): this
  /** Resolves when it is subscribed; rejects with what kept it from it. */
  readonly started: Promise<void>
  /** Resolves when it has stopped: to the error that ended it, or undefined. Never rejects. */
  readonly stopped: Promise<Error | undefined>
  readonly stats: HandlerStats
  /** Takes nothing more in, lets the work in hand end, gives back the rest. Safe twice; the second may hurry. */
  stop(options?: StopOptions): Promise<HandlerReport>
  /** Stops it and frees its name. */
  remove(options?: StopOptions): Promise<HandlerReport>
}

import type { Broker, Capabilities } from 'millrace'
import { MillraceError } from 'millrace/adapter'
import type { Case, ForeignKind, HeldLink, Means, Mode, Order } from './case.ts'
import { Kit, Skipped } from './kit/kit.ts'
import { within } from './kit/waiting.ts'
import type { CaseResult, Report } from './report/report.ts'
import { suite } from './suite.ts'

/** What is examined, and how. */
export interface ExaminationOptions {
  /** The broker's name in the report. */
  readonly name: string
  /** A new instance at each call; instances share topics where `capabilities.shared`. The suite closes them. */
  readonly open: () => Broker | Promise<Broker>
  /** Restarts the broker behind its back; resolves when it takes connections again. Without it some cases skip. */
  readonly restart?: () => Promise<void>
  /** Puts something that this adapter did not write into a topic. Without it some cases skip. */
  readonly foreign?: (topic: string, what: ForeignKind) => Promise<void | false>
  /** A new link to the server that is held. Without it the cases of a close while connecting and over silence skip. */
  readonly hold?: () => HeldLink | Promise<HeldLink>
  /** Default 'short'. */
  readonly mode?: Mode
  /** Default 'publish-first'. */
  readonly order?: Order
  /** The server's name and version, for the report. */
  readonly server?: string
  /** ms that a wait may take: Watermill's T. Default 15,000, in stress mode 75,000. Never slept through. */
  readonly patience?: number
  /** ms of the leases that cases take. Default 1000: servers count whole seconds. */
  readonly lease?: number
}

/** Which cases are run with no test runner, and how. */
export interface Selection {
  /** Default: the whole suite. */
  readonly cases?: readonly Case[]
  /** How many at once at most. Default 1. */
  readonly abreast?: number
}

/** What one run of one case came to. */
export type Outcome =
  | { readonly is: 'passed'; readonly ms: number }
  | { readonly is: 'failed'; readonly ms: number; readonly error: Error }
  | { readonly is: 'skipped'; readonly reason: string }

/** Stress: so many runs of each case at once. */
const CROWD = 10
/** A case may take so many patiences in all; Watermill's longest waits for six. */
const LONGEST = 8

/** Runs cases against a broker and remembers what came of them. */
export class Examination {
  /** ms that one case may take. */
  readonly limit: number
  readonly #options: ExaminationOptions
  readonly #mode: Mode
  readonly #order: Order
  readonly #patience: number
  readonly #results = new Map<string, CaseResult>()
  #capabilities: Promise<Capabilities> | undefined

  /** @throws BAD_OPTION */
  constructor(options: ExaminationOptions) {
    if (typeof options.open !== 'function')
      throw new MillraceError('BAD_OPTION', `conformance: open is a function, not ${typeof options.open}`)
    this.#options = options
    this.#mode = oneOf('mode', options.mode ?? 'short', ['short', 'full', 'stress'])
    this.#order = oneOf('order', options.order ?? 'publish-first', ['publish-first', 'subscribe-first'])
    this.#patience = options.patience ?? (this.#mode === 'stress' ? 75_000 : 15_000)
    this.limit = this.#patience * LONGEST
  }

  /** Why the case does not apply to a broker with these capabilities; undefined where it does. */
  skips(one: Case, capabilities: Capabilities): string | undefined {
    const { restart, foreign, hold } = this.#options
    const means: Means = {
      order: this.#order,
      restart: restart !== undefined,
      foreign: foreign !== undefined,
      hold: hold !== undefined,
    }
    const answer = one.needs(capabilities, means)
    return answer === true ? undefined : answer
  }

  /** Notes a case that did not apply. */
  skipped(one: Case, reason: string): Outcome {
    this.#results.set(one.title, { title: one.title, result: 'skipped', reason })
    return { is: 'skipped', reason }
  }

  /** Runs one case, or finds that it does not apply. Never rejects. */
  async run(one: Case): Promise<Outcome> {
    const start = performance.now()
    try {
      const capabilities = await this.#known()
      const reason = this.skips(one, capabilities)
      if (reason !== undefined) return this.skipped(one, reason)
      const copies = this.#mode === 'stress' && !one.alone ? CROWD : 1
      await Promise.all(Array.from({ length: copies }, () => this.#once(one, capabilities)))
    } catch (error) {
      if (error instanceof Skipped) return this.skipped(one, error.reason)
      const failure = error instanceof Error ? error : new Error(String(error), { cause: error })
      const ms = Math.round(performance.now() - start)
      this.#results.set(one.title, { title: one.title, result: 'failed', ms, error: failure.message })
      return { is: 'failed', ms, error: failure }
    }
    const ms = Math.round(performance.now() - start)
    this.#results.set(one.title, { title: one.title, result: 'passed', ms })
    return { is: 'passed', ms }
  }

  /** Runs them all with no test runner: up to `abreast` at once, then those that must be alone. */
  async runAll({ cases = suite, abreast = 1 }: Selection = {}): Promise<Report> {
    const queue = cases.filter(one => !one.alone)
    const work = async (): Promise<void> => {
      for (let one = queue.shift(); one; one = queue.shift()) await this.run(one)
    }
    await Promise.all(Array.from({ length: abreast }, work))
    for (const one of cases) if (one.alone) await this.run(one)
    return this.report(await this.#known())
  }

  /** What has come of the cases so far, in the suite's order. */
  report(capabilities?: Capabilities): Report {
    const { name, server } = this.#options
    const known = capabilities ?? this.#table
    const results = suite.map(one => this.#results.get(one.title)).filter(result => result !== undefined)
    return {
      name,
      ...(server === undefined ? {} : { server }),
      mode: this.#mode,
      order: this.#order,
      ...(known === undefined ? {} : { capabilities: known }),
      results,
    }
  }

  #table: Capabilities | undefined

  async #once(one: Case, capabilities: Capabilities): Promise<void> {
    const { open, restart, foreign, hold, lease = 1000 } = this.#options
    const kit = new Kit({
      capabilities,
      mode: this.#mode,
      order: this.#order,
      patience: this.#patience,
      lease,
      open,
      ...(restart && { restart }),
      ...(foreign && { foreign }),
      ...(hold && { hold }),
    })
    try {
      await within(one.run(kit), this.limit, `the case '${one.title}' to end`)
    } finally {
      await kit.end()
    }
  }

  /** Read once, from a broker that is opened for nothing else. */
  #known(): Promise<Capabilities> {
    this.#capabilities ??= this.#read()
    return this.#capabilities
  }

  async #read(): Promise<Capabilities> {
    const broker = await within(Promise.resolve(this.#options.open()), this.#patience, 'open')
    checkBroker(broker)
    this.#table = broker.capabilities
    await within(broker.close({ timeout: 0 }), this.#patience, 'close()').catch(() => undefined)
    return broker.capabilities
  }
}

/** @throws BAD_OPTION for what is no broker, such as a driver that nothing was made of. */
function checkBroker(broker: Partial<Broker> | undefined): void {
  const lacks = METHODS.filter(name => typeof broker?.[name] !== 'function')
  if (lacks.length > 0)
    throw new MillraceError('BAD_OPTION', `conformance: open gives a broker, made by broker(driver); it has no ${lacks.join(', ')}`) // prettier-ignore
}

const METHODS = ['open', 'declare', 'publish', 'subscribe', 'health', 'close'] as const

/** Runs the whole suite with no test runner. @throws BAD_OPTION, and what `open` rejects with */
export async function examine(options: ExaminationOptions & Selection): Promise<Report> {
  return new Examination(options).runAll(options)
}

function oneOf<T extends string>(name: string, value: T, all: readonly T[]): T {
  if (all.includes(value)) return value
  throw new MillraceError('BAD_OPTION', `conformance: ${name} is one of ${all.join(', ')}, not '${value}'`)
}

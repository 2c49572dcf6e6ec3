import type { Message } from '../contract.ts'
import { MillraceError } from '../errors.ts'

/** Which messages a fault is for; default: any. */
export interface FaultScope {
  /** Of this topic only. Default: of any. */
  readonly topic?: string
  /** These messages only. Default: all. */
  readonly match?: (message: Message) => boolean
}

/** What is said of a delivery that the handler never sees. */
export interface NackFault extends FaultScope {
  /** What the delivery is nacked with. */
  readonly error?: unknown
  /** ms; default: the subscription's backoff. */
  readonly delay?: number
}

/** How a publish fails. */
export interface PublishFault extends FaultScope {
  /** Default 'refused'. */
  readonly outcome?: 'refused' | 'unknown'
  /** Whether the broker took it nevertheless; only where the outcome is 'unknown'. Default false. */
  readonly stored?: boolean
  /** Default: QUEUE_FULL where refused, TIMEOUT where unknown. */
  readonly error?: Error
}

/** What can be made to go wrong between a program and its broker. Everything is counted down as it happens. */
export interface Faults {
  /** So many deliveries fail before anybody sees them: counted, backed off, dead-lettered like any failure. Default 1. */
  nackNext(times?: number, fault?: NackFault): void
  /** So many publishes with such messages are not accepted: these messages, and no other. Default 1. */
  failPublish(times?: number, fault?: PublishFault): void
  /** So many publishes with such messages reach the broker `ms` late, and are answered late. Default 1. */
  delayPublish(ms: number, times?: number, fault?: FaultScope): void
  /** So many publishes with such messages arrive twice, as after an answer that was lost. Default 1. */
  duplicate(times?: number, fault?: FaultScope): void
  /**
   * Cuts the connection: what is in hand is lost, publishes wait, and no attempt to connect succeeds until `reconnect()`,
   * or for `for` ms. @throws BAD_OPTION
   */
  disconnect(options?: { readonly for?: number }): void
  reconnect(): void
  /** Forgets what has not happened yet, and reconnects. */
  clear(): void
}

type Kind = 'nack' | 'fail' | 'delay' | 'duplicate'

interface Rule extends FaultScope {
  readonly kind: Kind
  left: number
}

/** The faults that are still to come. */
export class FaultRules {
  #rules: Rule[] = []

  /** @throws BAD_OPTION */
  add<T extends FaultScope>(kind: Kind, times: number, scope: T): void {
    if (!Number.isInteger(times) || times < 1)
      throw new MillraceError('BAD_OPTION', `a fault happens a whole number of times, 1 or more, not ${times}`)
    this.#rules.push({ ...scope, kind, left: times })
  }

  /** The first fault that applies, counted down. The caller knows by the kind what else is in it. */
  take(kind: Kind, topic: string, batch: readonly Message[]): FaultScope | undefined {
    const rule = this.#rules.find(one => one.kind === kind && applies(one, topic, batch))
    if (rule && --rule.left === 0) this.#rules = this.#rules.filter(one => one !== rule)
    return rule
  }

  clear(): void {
    this.#rules = []
  }
}

function applies({ topic, match }: Rule, of: string, batch: readonly Message[]): boolean {
  return (topic === undefined || topic === of) && (match === undefined || batch.some(match))
}

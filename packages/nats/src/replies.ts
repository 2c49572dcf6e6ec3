import { createInbox } from '@nats-io/transport-node'
import type { Msg, NatsConnection, Payload, Status, Subscription } from '@nats-io/transport-node'
import { MillraceError } from 'millrace/adapter'
import { inboxPrefix } from './connection.ts'
import type { HeaderBlock } from './header-block.ts'

/** Whoever waits for an answer. Exactly one of the two is called, once. */
export interface Asker {
  answered(msg: Msg, index: number): void
  failed(error: Error, index: number, subject: string): void
}

interface Question {
  readonly asker: Asker
  readonly index: number
  readonly subject: string
  /** Of the clock of `performance.now`. */
  readonly until: number
}

/** What the questions over one inbox have in common. */
export interface RepliesOptions {
  /** ms after which an answer is no longer waited for; where it is left out, the asker says so by `forget`. */
  readonly patience?: number
  /** What it means that the server knows of nobody who listens to a subject. */
  readonly nobody: (subject: string) => string
  /** Whether a message to the inbox is an answer at all. Default: each is. */
  readonly isAnswer?: (msg: Msg) => boolean
}

const SWEEP = 1_000

/**
 * Requests over one connection: one inbox for all answers, one timer for all that never come. The client's own
 * request costs two stack traces, a timer and three promises each.
 */
export class Replies {
  readonly #nc: NatsConnection
  readonly #options: RepliesOptions
  readonly #patience: number
  readonly #prefix: string
  readonly #inbox: Subscription
  readonly #questions = new Map<string, Question>()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #statuses: AsyncIterable<Status> & { stop?(): void }
  #count = 0
  #ended: Error | undefined

  constructor(nc: NatsConnection, options: RepliesOptions) {
    this.#nc = nc
    this.#options = options
    this.#patience = options.patience ?? Infinity
    const inbox = createInbox(inboxPrefix(nc))
    this.#prefix = `${inbox}.`
    this.#inbox = nc.subscribe(`${inbox}.*`, {
      callback: (error, msg) => (error ? this.end(error) : this.#arrive(msg)),
    })
    if (options.patience !== undefined) this.#timer = setInterval(() => this.#sweep(), SWEEP).unref()
    this.#statuses = nc.status()
    void this.#refusals()
  }

  /** Whether it came to its end: nothing can be asked any more. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** Sends, and tells the asker. Throws, and tells nobody, where the client will not send it. @returns what `forget` takes */
  ask(subject: string, payload: Payload, asker: Asker, index: number, headers?: HeaderBlock): string {
    if (this.#ended) throw this.#ended
    const token = (this.#count++).toString(36)
    const reply = this.#prefix + token
    this.#questions.set(token, { asker, index, subject, until: performance.now() + this.#patience })
    try {
      this.#nc.publish(subject, payload, headers ? { reply, headers: headers.forClient } : { reply })
    } catch (error) {
      this.#questions.delete(token)
      throw error
    }
    return token
  }

  /** Nobody waits for that answer any more, and nobody is told. */
  forget(token: string): void {
    this.#questions.delete(token)
  }

  /** No answer will come any more. */
  end(error: Error): void {
    if (this.#ended) return
    this.#ended = error
    clearInterval(this.#timer)
    this.#statuses.stop?.()
    if (!this.#nc.isClosed()) this.#inbox.unsubscribe()
    const open = [...this.#questions.values()]
    this.#questions.clear()
    for (const { asker, index, subject } of open) asker.failed(error, index, subject)
  }

  #arrive(msg: Msg): void {
    const token = msg.subject.slice(this.#prefix.length)
    const question = this.#questions.get(token)
    if (!question || this.#options.isAnswer?.(msg) === false) return
    this.#questions.delete(token)
    const { asker, index, subject } = question
    if (msg.data.length === 0 && msg.headers?.code === 503)
      asker.failed(new MillraceError('NO_ROUTE', `nats: ${this.#options.nobody(subject)}`), index, subject)
    else asker.answered(msg, index)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [token, { asker, index, subject, until }] of this.#questions) {
      if (until > now) return // the oldest come first
      this.#questions.delete(token)
      asker.failed(new MillraceError('TIMEOUT', `nats: no answer within ${this.#patience} ms`), index, subject)
    }
  }

  /** What the server will not let us send it does not answer: it tells of it apart. */
  async #refusals(): Promise<void> {
    for await (const status of this.#statuses) {
      if (status.type !== 'error') continue
      const { error } = status as { error: Error & { subject?: string } }
      if (error.name !== 'PermissionViolationError') continue
      for (const [token, { asker, index, subject }] of this.#questions)
        if (subject === error.subject) {
          this.#questions.delete(token)
          asker.failed(error, index, subject)
        }
    }
  }
}

import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { Failure, Message } from 'millrace'
import { asError, isMillraceError, MillraceError, newId } from 'millrace/adapter'
import { fromNats } from './encode.ts'
import { ours } from './errors.ts'
import type { HeaderBlock } from './header-block.ts'
import { Replies } from './replies.ts'
import type { Asker } from './replies.ts'

/** Which messages go another way than a publish, each an object of its own: as a request, or to a reply subject. */
export type Errands = WeakMap<Message, Errand>

/** How one message goes; `answer` is there when the write of a request has ended well. */
export type Errand = { readonly is: 'request'; answer?: Message } | { readonly is: 'reply'; readonly subject: string }

/** One request, ready to be sent. */
export interface Request {
  readonly topic: string
  readonly subject: string
  readonly message: Message
  readonly headers: HeaderBlock
  readonly errand: Errand & { readonly is: 'request' }
  /** Its end, where no answer comes before. */
  readonly signal: AbortSignal
}

/** Requests over the connection there is: one inbox for each connection, made by the first of them. */
export class Questions {
  readonly #isAnswer: (msg: Msg) => boolean
  #over: { readonly nc: NatsConnection; readonly replies: Replies } | undefined

  constructor(isAnswer: (msg: Msg) => boolean) {
    this.#isAnswer = isAnswer
  }

  /** Resolves when the answer is there. @throws DISCONNECTED where nothing was sent */
  ask(nc: NatsConnection, request: Request): Promise<readonly Failure[]> {
    const replies = this.#repliesOf(nc, request)
    return new Promise((resolve, reject) => new Question(request, replies, resolve).ask(reject))
  }

  /** No answer will come over this connection. */
  end(error: Error): void {
    this.#over?.replies.end(error)
    this.#over = undefined
  }

  #repliesOf(nc: NatsConnection, { topic }: Request): Replies {
    if (this.#over?.nc === nc && !this.#over.replies.ended) return this.#over.replies
    try {
      const nobody = (subject: string): string => `nobody listens to '${subject}'`
      this.#over = { nc, replies: new Replies(nc, { nobody, isAnswer: this.#isAnswer }) }
    } catch (error) {
      throw ours(error, `request to '${topic}'`)
    }
    return this.#over.replies
  }
}

/** Who waits for one answer, until the signal. */
class Question implements Asker {
  readonly #request: Request
  readonly #replies: Replies
  readonly #resolve: (failures: readonly Failure[]) => void
  #token = ''

  constructor(request: Request, replies: Replies, resolve: (failures: readonly Failure[]) => void) {
    this.#request = request
    this.#replies = replies
    this.#resolve = resolve
  }

  ask(reject: (error: Error) => void): void {
    const { topic, subject, message, headers, signal } = this.#request
    if (signal.aborted) return this.#over()
    try {
      this.#token = this.#replies.ask(subject, message.payload, this, 0, headers)
    } catch (thrown) {
      const error = ours(thrown, `request to '${topic}'`)
      // Nothing was sent: core sends it when there is a connection again.
      if (isMillraceError(error, 'DISCONNECTED')) reject(error)
      else this.failed(error)
      return
    }
    signal.addEventListener('abort', this.#over, { once: true })
  }

  answered(msg: Msg): void {
    // Who answers need not be of ours, and then the answer stands nowhere: its id can only be made up.
    this.#request.errand.answer = fromNats(msg, [newId()]).message
    this.#end([])
  }

  failed(thrown: Error): void {
    const { topic, message } = this.#request
    const error = ours(thrown, `request to '${topic}'`)
    const outcome = error.code === 'NO_ROUTE' || error.code === 'AUTH' ? 'refused' : 'unknown'
    this.#end([{ index: 0, id: message.id, outcome, error }])
  }

  readonly #over = (): void => {
    const { signal, topic } = this.#request
    this.#replies.forget(this.#token)
    const reason = asError(signal.reason)
    const told = isMillraceError(reason, 'TIMEOUT') && reason.cause === undefined
    this.failed(told ? new MillraceError('TIMEOUT', `nats: request to '${topic}': no answer in time`) : reason)
  }

  #end(failures: readonly Failure[]): void {
    this.#request.signal.removeEventListener('abort', this.#over)
    this.#resolve(failures)
  }
}

/**
 * Whether it is what a stream says to whoever publishes into it (ADR-1), instead of an answer: without headers,
 * `{"stream":…,"seq":…}`.
 */
export function isStreamAck({ data, headers }: Pick<Msg, 'data' | 'headers'>): boolean {
  if (headers || data[0] !== 0x7b || data.length > 2_048) return false
  try {
    const { stream, seq } = JSON.parse(Buffer.from(data).toString()) as { stream?: unknown; seq?: unknown }
    return typeof stream === 'string' && typeof seq === 'number'
  } catch {
    return false
  }
}

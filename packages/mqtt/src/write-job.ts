import { aborted } from 'millrace/adapter'
import type { MillraceError, WriteOptions } from 'millrace/adapter'
import type { Failure } from 'millrace'
import type { PublishFields } from './packets.ts'
import type { Outgoing, Publisher } from './publisher.ts'

/** One call of core's: its messages on their way, and the answer when the last of them is done. */
export class WriteJob {
  readonly answer: Promise<readonly Failure[]>
  readonly #publisher: Publisher
  readonly #options: WriteOptions
  readonly #failures: Failure[] = []
  #left: number
  #sent = false
  /** Those that had to wait. A call without any never asks for its signal: it costs more than the rest. */
  #waiting: Set<Outgoing> | undefined
  #stop: (() => void) | undefined
  #resolve: (failures: readonly Failure[]) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(publisher: Publisher, messages: number, options: WriteOptions) {
    this.#publisher = publisher
    this.#left = messages
    this.#options = options
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** This one may be withdrawn from now on. */
  waits(outgoing: Outgoing): void {
    if (this.#waiting) {
      this.#waiting.add(outgoing)
      return
    }
    const waiting = (this.#waiting = new Set([outgoing]))
    const { signal } = this.#options
    const onAbort = (): void => this.#publisher.withdraw(waiting, aborted(signal, 'publish'))
    if (signal.aborted) onAbort()
    else {
      signal.addEventListener('abort', onAbort, { once: true })
      this.#stop = () => signal.removeEventListener('abort', onAbort)
    }
  }

  /** One is done, or failed so. */
  done(failure: Failure | undefined, sent: boolean): void {
    this.#sent ||= sent
    if (failure) this.#failures.push(failure)
    if (--this.#left > 0) return
    this.#stop?.()
    const [first] = this.#failures
    if (first && !this.#sent && (first.error as MillraceError).code === 'DISCONNECTED') this.#reject(first.error)
    else this.#resolve(this.#failures.sort((a, b) => a.index - b.index))
  }
}

interface Which {
  /** The message's. */
  readonly id: string
  readonly index: number
  readonly heard: boolean
}

/** One message of a job. */
export class Written implements Outgoing {
  readonly topic: string
  readonly payload: Buffer
  readonly options: PublishFields['options']
  readonly heard: boolean
  place: Outgoing['place']
  readonly #id: string
  readonly #index: number
  readonly #job: WriteJob

  constructor(job: WriteJob, { topic, payload, options }: PublishFields, { id, index, heard }: Which) {
    this.topic = topic
    this.payload = payload
    this.options = options
    this.heard = heard
    this.#job = job
    this.#id = id
    this.#index = index
  }

  done(error: MillraceError | undefined, sent: boolean): void {
    if (!error) this.#job.done(undefined, sent)
    else {
      const unknown = sent && error.code === 'DISCONNECTED'
      this.#job.done({ index: this.#index, id: this.#id, outcome: unknown ? 'unknown' : 'refused', error }, sent)
    }
  }

  waits(): void {
    this.#job.waits(this)
  }
}

import type { WriteOptions } from 'millrace/adapter'
import type { Failure, Message } from 'millrace'
import { toRecord } from './encode.ts'
import type { OutRecord, RecordStamp, Wire } from './encode.ts'

/** Bytes of a record beside key, value and headers, roughly. */
const FRAME = 64

/** One call of write: it ends when each of its messages has its answer. */
export class Job {
  /** ms since the epoch. */
  readonly begun: number
  readonly #batch: readonly Message[]
  readonly #options: WriteOptions
  readonly #resolve: (failures: readonly Failure[]) => void
  #failures: Failure[] | undefined
  #left: number
  #unlisten: (() => void) | undefined

  constructor(
    batch: readonly Message[],
    options: WriteOptions,
    begun: number,
    resolve: (failures: readonly Failure[]) => void,
  ) {
    this.#batch = batch
    this.begun = begun
    this.#left = batch.length
    this.#options = options
    this.#resolve = resolve
  }

  /** Tells, once, when its caller waits no longer; at once where that is so already. The first to ask is told. */
  onAbort(then: (error: Error) => void): void {
    if (this.#unlisten || this.#left === 0) return
    const { signal } = this.#options
    const listener = (): void => then(signal.reason as Error)
    this.#unlisten = () => signal.removeEventListener('abort', listener)
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
  }

  /** One more of its messages has its answer. */
  answer(index: number, failure: Pick<Failure, 'outcome' | 'error'> | undefined): void {
    if (failure) (this.#failures ??= []).push({ index, id: this.#batch[index]?.id ?? '', ...failure })
    if (--this.#left > 0) return
    this.#unlisten?.()
    this.#resolve(this.#failures ? this.#failures.sort((a, b) => a.index - b.index) : NONE)
  }
}

const NONE: readonly Failure[] = Object.freeze([])

/** One message of a call, in the shape in which the client's producer takes it. */
export class Entry implements OutRecord {
  readonly topic: string
  readonly partition: number
  readonly key: OutRecord['key']
  readonly value: OutRecord['value']
  readonly headers: OutRecord['headers']
  readonly timestamp: bigint
  readonly job: Job
  readonly bytes: number
  readonly #index: number
  /** It goes by itself: the batch that it was in was refused, perhaps for another's sake. */
  alone = false
  state: 'waiting' | 'sent' | 'answered' = 'waiting'

  constructor(
    job: Job,
    index: number,
    topic: string,
    partition: number,
    message: Message,
    stamp: RecordStamp,
    wire: Wire,
  ) {
    const { key, value, headers, timestamp } = toRecord(message, stamp, wire)
    this.topic = topic
    this.partition = partition
    this.key = key
    this.value = value
    this.headers = headers
    this.timestamp = timestamp
    this.job = job
    this.#index = index
    let bytes = FRAME + (key?.length ?? 0) + (value?.length ?? 0)
    for (const [name, text] of headers) bytes += name.length + text.length + 4
    this.bytes = bytes
  }

  /** It is in, or was not accepted. The first answer counts. */
  answer(failure?: Pick<Failure, 'outcome' | 'error'>): void {
    if (this.state === 'answered') return
    this.state = 'answered'
    this.job.answer(this.#index, failure)
  }
}

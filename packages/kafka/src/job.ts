import type { WriteOptions } from 'millrace/adapter'
import type { Failure, Message } from 'millrace'
import type { RecordStamp } from './encode.ts'

/** Bytes of a record beside key, value and metadata, roughly. */
const FRAME = 96

/** One call of write: it ends when each of its messages has its answer. */
export class Job {
  /** ms since the epoch. */
  readonly begun: number
  readonly #batch: readonly Message[]
  readonly #options: WriteOptions
  readonly #resolve: (failures: readonly Failure[]) => void
  /** Its last message; from there they lead to the first. */
  last: Entry | undefined
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

/** A partition of a topic, as its messages see it. */
export interface Lane {
  /** In the cluster. */
  readonly topic: string
  readonly partition: number
}

/** One string for a partition. */
export function laneKey({ topic, partition }: Lane): string {
  return `${topic}:${partition}`
}

/** One message of a call. */
export class Entry {
  readonly lane: Lane
  readonly key: Buffer | undefined
  readonly message: Message
  readonly stamp: RecordStamp
  readonly job: Job
  /** The one before it in the same call. */
  readonly before: Entry | undefined
  /** About as many as its record will have. */
  readonly bytes: number
  readonly #index: number
  /** It goes by itself: the batch that it was in was refused, perhaps for another's sake. */
  alone = false
  state: 'waiting' | 'sent' | 'answered' = 'waiting'

  /** The message of that index in the job's call. */
  constructor(
    job: Job,
    index: number,
    { message, lane, key, stamp }: Pick<Entry, 'message' | 'lane' | 'key' | 'stamp'>,
  ) {
    this.lane = lane
    this.key = key
    this.message = message
    this.stamp = stamp
    this.job = job
    this.before = job.last
    job.last = this
    this.#index = index
    const { metadata, payload } = message
    let bytes = FRAME + (key?.length ?? 0) + payload.length
    for (const name in metadata) bytes += name.length + Buffer.byteLength(metadata[name] ?? '') + 4
    this.bytes = bytes
  }

  /** It is in, or was not accepted. The first answer counts. */
  answer(failure?: Pick<Failure, 'outcome' | 'error'>): void {
    if (this.state === 'answered') return
    this.state = 'answered'
    this.job.answer(this.#index, failure)
  }
}

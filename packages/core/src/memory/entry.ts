import type { Message } from '../contract.ts'
import type { Raw } from '../adapter/driver.ts'
import type { Log } from './log.ts'

/** What a message costs beside its payload, as the estimate of memory counts it. */
export const OVERHEAD = 128

/** A published message in its place. Handed out as it is the first time, to every group. */
export class Entry implements Raw {
  readonly log: Log
  /** Its place in the log. */
  readonly offset: number
  /** Its place among all of the broker's messages: positions compare across topics. */
  readonly seq: number
  readonly message: Message
  readonly time: number
  readonly expires: number | undefined

  constructor(log: Log, offset: number, seq: number, message: Message, time: number, expires: number | undefined) {
    this.log = log
    this.offset = offset
    this.seq = seq
    this.message = message
    this.time = time
    this.expires = expires
  }

  get entry(): Entry {
    return this
  }

  get topic(): string {
    return this.log.topic
  }

  get attempt(): number {
    return 1
  }

  get position(): string {
    return String(this.seq)
  }

  get origin(): Readonly<Record<string, string | number>> {
    return { offset: this.offset, priority: this.log.priority }
  }

  get bytes(): number {
    return this.message.payload.length + OVERHEAD
  }
}

/** The same message, handed out once more. */
export class Redelivered implements Raw {
  readonly entry: Entry
  readonly attempt: number

  constructor(entry: Entry, attempt: number) {
    this.entry = entry
    this.attempt = attempt
  }

  get topic(): string {
    return this.entry.topic
  }

  get message(): Message {
    return this.entry.message
  }

  get time(): number {
    return this.entry.time
  }

  get expires(): number | undefined {
    return this.entry.expires
  }

  get position(): string {
    return this.entry.position
  }

  get origin(): Readonly<Record<string, string | number>> {
    return this.entry.origin
  }
}

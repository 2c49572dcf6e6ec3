import type { Message } from '../contract.ts'
import type { Raw } from '../adapter/driver.ts'
import type { Consumer } from './consumer.ts'
import type { Cursor } from './cursor.ts'

/** One hand-out of a message to a group. It carries what a user may ask after the log has forgotten the message. */
export class Hand implements Raw {
  readonly cursor: Cursor
  readonly offset: number
  readonly attempt: number
  readonly message: Message
  readonly seq: number
  readonly time: number
  readonly expires: number | undefined
  holder: Consumer | undefined = undefined
  /** The holder's lease tick at hand-out or extension. */
  epoch = 0

  constructor(cursor: Cursor, offset: number, attempt: number) {
    const { log } = cursor
    this.cursor = cursor
    this.offset = offset
    this.attempt = attempt
    this.message = log.message(offset)
    this.seq = log.seq(offset)
    this.time = log.time(offset)
    this.expires = log.expires(offset)
  }

  get topic(): string {
    return this.cursor.log.topic
  }

  get position(): string {
    return String(this.seq)
  }

  get origin(): Readonly<Record<string, string | number>> {
    return { offset: this.offset, priority: this.cursor.log.priority }
  }
}

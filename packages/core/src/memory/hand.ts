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
  /** Undefined while it is lent. */
  holder: Consumer | undefined
  /** The holder's lease tick at hand-out or extension. */
  epoch: number
  readonly #seq: number
  readonly #age: number

  constructor(cursor: Cursor, offset: number, attempt: number, holder: Consumer | undefined, epoch: number) {
    const { log } = cursor
    const at = log.find(offset)
    this.cursor = cursor
    this.offset = offset
    this.attempt = attempt
    this.message = log.message(at, offset)
    this.holder = holder
    this.epoch = epoch
    this.#seq = log.seq(at, offset)
    this.#age = log.age(at)
  }

  get topic(): string {
    return this.cursor.log.topic
  }

  get time(): number {
    return this.cursor.log.start + this.#age
  }

  /** Not settled, so the log still has it; afterwards nobody asks. */
  get expires(): number | undefined {
    return this.cursor.log.expires(this.offset)
  }

  get position(): string {
    return String(this.#seq)
  }

  get origin(): Readonly<Record<string, string | number>> {
    return { offset: this.offset, priority: this.cursor.log.priority }
  }
}

import type { Message } from '../contract.ts'

/** What a message costs beside its payload, as the estimate of memory counts it. */
export const OVERHEAD = 128

/** What a message weighs in the estimate of memory. */
export function weight(message: Message): number {
  return message.payload.length + OVERHEAD
}

/** Messages that came in one publish: kept, and forgotten, as one. */
export class Run {
  /** What those that are left weigh. */
  bytes: number
  readonly messages: (Message | undefined)[]

  constructor(batch: readonly Message[], bytes: number) {
    this.messages = batch.slice() // the caller's may change
    this.bytes = bytes
  }

  /** Takes other messages in place of those that it had, all of which are forgotten: as many. */
  refill(batch: readonly Message[], bytes: number): void {
    const messages = this.messages
    for (let i = 0; i < batch.length; i++) messages[i] = batch[i]! // i < length
    this.bytes = bytes
  }

  /** Lets those from `first` go up to `goal`, and on up to `end` until so many bytes are gone. Returns which is the next. */
  forget(first: number, goal: number, end: number, bytes: number): number {
    const messages = this.messages
    let gone = 0
    let at = first
    for (; at < end && (at < goal || gone < bytes); at++) {
      gone += weight(messages[at]!)
      messages[at] = undefined
    }
    this.bytes -= gone
    return at
  }
}

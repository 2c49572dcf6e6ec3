import type { Message, Name, PublishOptions } from '../contract.ts'
import { MillraceError } from '../errors.ts'
import type { TopicMessageOptions } from './topic.ts'
import type { WriteTopic } from './topic.ts'

/** An output for a topic of its own. Made by `to`. */
export interface Outgoing {
  readonly [OUTGOING]: true
  readonly topic: Name | WriteTopic<unknown>
  readonly value: unknown
  readonly options: PublishOptions | undefined
}

/**
 * What a handler may return: nothing, one output, or many in their order. An output is a message, or a value where
 * `publishTopic` is a typed topic (both go there), or whatever `to` made, for any other topic. An array is always many:
 * a value that is one itself goes through `to`.
 */
export type Returned<O = never> = Plain<O> | PromiseLike<Plain<O>>

// `void` so that a handler without a return statement is one.
// oxlint-disable-next-line no-invalid-void-type
type Plain<O> = void | null | Output<O> | readonly Output<O>[]

/** One thing that a handler publishes by returning it. */
export type Output<O = never> = Message | Outgoing | O

/** The mark of what `to` makes, the same for every copy of the library. */
const OUTGOING: unique symbol = Symbol.for('millrace.outgoing') as never

/** An output for this topic: a message, or a value where the topic is a typed one. `options` are those of the publish. */
export function to(topic: Name, message: Message, options?: PublishOptions): Outgoing
export function to<T>(topic: WriteTopic<T>, value: T | Message, options?: PublishOptions): Outgoing
export function to<T>(topic: Name | WriteTopic<T>, value: T | Message, options?: PublishOptions): Outgoing {
  return { [OUTGOING]: true, topic: topic as WriteTopic<unknown>, value, options }
}

export function isOutgoing(value: unknown): value is Outgoing {
  return typeof value === 'object' && value !== null && OUTGOING in value
}

/** Whether it has the shape of a message. A value with an id, a payload of bytes and metadata is one. */
export function isMessage(value: unknown): value is Message {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as Message).payload instanceof Uint8Array &&
    typeof (value as Message).id === 'string' &&
    typeof (value as Message).metadata === 'object'
  )
}

/** A handler's result as a list: nothing is none, an array is many, anything else is one. */
export function asList(result: unknown): readonly unknown[] {
  if (result === undefined || result === null) return []
  return Array.isArray(result) ? result : [result]
}

/** The message for a value on its way to a topic. @throws BAD_OPTION, and whatever the topic's codec and schema do */
export function encoded(
  topic: Name | WriteTopic<unknown>,
  value: unknown,
  options?: TopicMessageOptions,
): Message | Promise<Message> {
  if (isMessage(value)) return value
  if (typeof topic === 'string')
    throw new MillraceError(
      'BAD_OPTION',
      `what goes to '${topic}' is a message: make one with message(), or give publishTopic a typed topic`,
    )
  return topic.message(value, options)
}

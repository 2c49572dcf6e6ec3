import type { Message, Name } from '../contract.ts'
import type { Pattern } from '../pattern.ts'
import { isPattern } from '../pattern.ts'

/** A typed topic, as far as it is read. What `topic()` makes is one. */
export interface ReadTopic<T> {
  readonly name: string
  decode(message: Message): T | Promise<T>
}

/** A typed topic, as far as it is written. What `topic()` makes is one. */
export interface WriteTopic<T> {
  readonly name: string
  message(value: T, options?: TopicMessageOptions): Message | Promise<Message>
}

export interface TopicMessageOptions {
  readonly metadata?: Readonly<Record<string, string>>
}

/** What a handler may listen to. */
export type Input = Name | Pattern | readonly (Name | Pattern)[]

export function isTopic(value: unknown): value is ReadTopic<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as ReadTopic<unknown>).decode === 'function'
}

/** The name of a topic however it is given. */
export function nameOf(topic: Name | { readonly name: string }): string {
  return typeof topic === 'string' ? topic : topic.name
}

/** What was subscribed to, as one string for logs. */
export function describeInput(input: Input | ReadTopic<unknown>): string {
  if (typeof input === 'string') return input
  if (isTopic(input)) return input.name
  if (isPattern(input)) return input.pattern
  return input.map(one => (typeof one === 'string' ? one : one.pattern)).join(',')
}

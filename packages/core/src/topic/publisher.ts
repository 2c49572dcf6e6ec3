import type { Message, Publisher, PublishOptions } from '../contract.ts'
import { isThenable } from '../thenable.ts'
import type { Topic, TopicMessageOptions } from './topic.ts'

/** Publishes the values of one topic. */
export interface TopicPublisher<In> {
  /** As `Broker.publish`; @throws INVALID_PAYLOAD before anything is sent */
  publish(value: In, options?: PublishOptions & TopicMessageOptions): Promise<void>
  /** All of them in one publish. */
  publishAll(values: readonly In[], options?: PublishOptions): Promise<void>
}

/** A publisher of one topic's values on a broker. */
export function publisher<In, Out>(broker: Publisher, topic: Topic<In, Out>): TopicPublisher<In> {
  return {
    async publish(value, options) {
      const made = topic.message(value, options && own(options))
      await broker.publish(topic.name, isThenable(made) ? await made : made, options && rest(options))
    },
    async publishAll(values, options) {
      const messages: Message[] = []
      for (const value of values) {
        const made = topic.message(value)
        messages.push(isThenable(made) ? await made : made)
      }
      await broker.publish(topic.name, messages, options)
    },
  }
}

type Both = PublishOptions & TopicMessageOptions

/** What the message says for itself. */
function own({ id, key, metadata }: Both): TopicMessageOptions {
  return { ...(id !== undefined && { id }), ...(key !== undefined && { key }), ...(metadata && { metadata }) }
}

/** What is the publish's: a broker refuses what it does not know. */
function rest({ id: _id, key: _key, metadata: _metadata, ...options }: Both): PublishOptions {
  return options
}

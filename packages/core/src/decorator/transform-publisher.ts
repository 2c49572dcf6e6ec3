import type { Message, Publisher } from '../contract.ts'

/** A publisher through which every message is changed on its way out. What the function throws rejects the publish, unsent. */
export function transformPublisher(
  publisher: Publisher,
  change: (message: Message, topic: string) => Message | Promise<Message>,
): Publisher {
  return {
    async publish(topic, messages, options) {
      const list: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
      const changed: Message[] = []
      for (const message of list) changed.push(await change(message, topic))
      await publisher.publish(topic, changed, options)
    },
  }
}

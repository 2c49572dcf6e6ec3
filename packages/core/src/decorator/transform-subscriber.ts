import type { Delivery, Message, NackOptions, RejectOptions, Subscriber, Subscription } from '../contract.ts'
import { takenOff } from '../adapter/taken-off.ts'
import { wrappedDelivery } from '../adapter/wrapped-delivery.ts'
import { mappedSubscription } from './mapped-subscription.ts'

/** Changes a message on its way in. Must not wait: it runs as the message is handed over. */
export type Change = (message: Message, delivery: Delivery) => Message

/**
 * A subscriber through which every message is changed on its way in, once: a redelivery in this process brings the same
 * changed message. A message that the function throws for fails its delivery (nacked with the error) and is not handed
 * over. What is published to the dead-letter topic is the message as it came.
 */
export function transformSubscriber(subscriber: Subscriber, change: Change): Subscriber {
  return {
    capabilities: subscriber.capabilities,
    async subscribe(topic, options) {
      return transformSubscription(await subscriber.subscribe(topic, options), change)
    },
  }
}

function transformSubscription(inner: Subscription, change: Change): Subscription {
  const changed = new WeakMap<Message, Message>()
  const wrapped = (delivery: Delivery): Delivery | undefined => {
    let message = changed.get(delivery.message)
    try {
      if (message === undefined) changed.set(delivery.message, (message = change(delivery.message, delivery)))
    } catch (error) {
      delivery.nack({ error })
      return undefined
    }
    return new Changed(delivery, message)
  }
  /** As the listener knows it, where it was ever handed over. */
  const asHandedOver = (delivery: Delivery): Delivery => {
    const message = changed.get(delivery.message)
    return message === undefined ? delivery : new Changed(delivery, message)
  }
  return mappedSubscription(inner, wrapped, asHandedOver)
}

/** A delivery with another message: all else is the inner one's. */
class Changed implements Delivery {
  readonly message: Message
  readonly #inner: Delivery

  constructor(inner: Delivery, message: Message) {
    this.#inner = inner
    this.message = message
  }

  get [wrappedDelivery](): Delivery {
    return this.#inner
  }

  get topic(): string {
    return this.#inner.topic
  }

  get attempt(): number {
    return this.#inner.attempt
  }

  get redelivered(): boolean | undefined {
    return this.#inner.redelivered
  }

  get time(): number | undefined {
    return this.#inner.time
  }

  get expires(): number | undefined {
    return this.#inner.expires
  }

  get position(): string | undefined {
    return this.#inner.position
  }

  get origin(): Delivery['origin'] {
    return this.#inner.origin
  }

  get signal(): AbortSignal {
    return this.#inner.signal
  }

  ack(): boolean {
    if (this === undefined) throw takenOff('ack')
    return this.#inner.ack()
  }

  nack(options?: NackOptions): boolean {
    if (this === undefined) throw takenOff('nack')
    return this.#inner.nack(options)
  }

  reject(options?: RejectOptions): boolean {
    if (this === undefined) throw takenOff('reject')
    return this.#inner.reject(options)
  }

  release(): boolean {
    if (this === undefined) throw takenOff('release')
    return this.#inner.release()
  }

  extend(atLeast?: number): Promise<number> {
    if (this === undefined) return Promise.reject(takenOff('extend'))
    return this.#inner.extend(atLeast)
  }
}

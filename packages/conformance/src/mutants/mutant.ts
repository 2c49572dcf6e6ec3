/**
 * Mutants: the memory broker with one thing broken in each. A suite that passes a mutant tests nothing there, so each
 * names the cases that must fail, and no other may.
 */
import type { Broker, Delivery, Message, PublishOptions, SubscribeOptions, Subscription } from 'millrace'
import { memory } from 'millrace/memory'
import type { Case, HeldLink } from '../case.ts'

export interface Mutant {
  /** What it does wrong. */
  readonly name: string
  /** Exactly the cases that fail, the one that names the fault first. */
  readonly killedBy: readonly Case[]
  /** A new one. */
  readonly open: () => Broker
  /** A new link that is held, for what it does wrong while it connects. */
  readonly hold?: () => HeldLink
}

type Publish = (topic: string, messages: readonly Message[], options?: PublishOptions) => Promise<void>
type Topics = Parameters<Broker['subscribe']>[0]
type Subscribe = (topics: Topics, options: SubscribeOptions) => Promise<Subscription>

/** What a mutant does in place of the broker's own. Everything that is not named stays as it is. */
export interface Fault {
  readonly publish?: (
    next: Publish,
    topic: string,
    messages: readonly Message[],
    options?: PublishOptions,
  ) => Promise<void>
  readonly subscribe?: (next: Subscribe, topics: Topics, options: SubscribeOptions) => Promise<Subscription>
  /** Changes a subscription once it stands. */
  readonly subscription?: (inner: Subscription, options: SubscribeOptions) => Subscription
  /** Changes a delivery as it is handed over; undefined keeps it from the consumer. */
  readonly delivery?: (inner: Delivery, subscription: Subscription, options: SubscribeOptions) => Delivery | undefined
  /** Changes anything else of the broker. */
  readonly broker?: (inner: Broker) => Partial<Broker>
}

/** Makes a mutant. The fault is made anew for each broker, so that it may remember things. */
export function mutant(name: string, killedBy: readonly Case[], fault: () => Fault): Mutant {
  return { name, killedBy, open: () => breakIt(memory(), fault()) }
}

/** The same object with some of its members replaced. */
export function overlay<T extends object>(inner: T, changes: Partial<T>): T {
  return new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name, changes) as unknown
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function breakIt(inner: Broker, fault: Fault): Broker {
  const changes: Partial<Broker> = {}
  const { publish, subscribe, subscription, delivery } = fault
  if (publish)
    changes.publish = (topic, messages, options) =>
      publish(
        (to, list, how) => inner.publish(to, list, how),
        topic,
        Array.isArray(messages) ? (messages as readonly Message[]) : [messages as Message],
        options,
      )
  if (subscribe || subscription || delivery)
    changes.subscribe = async (topics, options = {}) => {
      const next: Subscribe = (to, how) => inner.subscribe(to, how)
      let made = await (subscribe ? subscribe(next, topics, options) : next(topics, options))
      if (subscription) made = subscription(made, options)
      if (delivery) made = handing(made, one => delivery(one, made, options))
      return made
    }
  const changed = overlay(inner, changes)
  return fault.broker ? overlay(changed, fault.broker(changed)) : changed
}

/** The subscription with every delivery changed as it is handed over. */
export function handing(inner: Subscription, change: (delivery: Delivery) => Delivery | undefined): Subscription {
  const tryReceive = (): Delivery | undefined => {
    for (let one = inner.tryReceive(); one; one = inner.tryReceive()) {
      const changed = change(one)
      if (changed) return changed
    }
    return undefined
  }
  const receive: Subscription['receive'] = async options => {
    for (;;) {
      const changed = change(await inner.receive(options))
      if (changed) return changed
    }
  }
  return overlay(inner, {
    tryReceive,
    receive,
    [Symbol.asyncIterator]: () => mapped(inner, change)[Symbol.asyncIterator](),
    batches: options =>
      mapped(inner.batches(options), batch => {
        const changed = batch.map(change).filter(one => one !== undefined)
        return changed.length > 0 ? changed : undefined
      }),
  })
}

/** Each value changed; those that become undefined are left out. */
export function mapped<T, U>(source: AsyncIterable<T>, change: (value: T) => U | undefined): AsyncIterable<U> {
  return {
    [Symbol.asyncIterator]() {
      const inner = source[Symbol.asyncIterator]()
      return {
        async next() {
          for (;;) {
            const step = await inner.next()
            if (step.done) return step
            const value = change(step.value)
            if (value !== undefined) return { done: false, value }
          }
        },
        return: async () => {
          await inner.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

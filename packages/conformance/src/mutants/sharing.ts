import type { Delivery } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { handing, mutant, overlay } from './mutant.ts'

/** Faults of who gets what, and from where on. */
export const sharing: readonly Mutant[] = [
  mutant('gives each consumer of a group everything', [cases.competing], () => {
    let made = 0
    return {
      subscribe: (next, topics, options) =>
        next(topics, options.prefetch === 10 && options.maxDeliveries === undefined ? { ...options, group: `own-${made++}` } : options), // prettier-ignore
    }
  }),
  mutant('shares among those without a group', [cases.broadcasts, cases.noDeadLetter], () => {
    const groups = new Map<unknown, string>()
    return {
      subscribe(next, topics, options) {
        if (options.group !== undefined || options.from !== undefined) return next(topics, options)
        const group = groups.get(topics) ?? `all-${groups.size}`
        groups.set(topics, group)
        return next(topics, { ...options, group, from: 'latest' })
      },
    }
  }),
  mutant('gives a group only what nobody else has had', [cases.groupBesideEveryone, cases.fromLatest], () => {
    const seen = new Set<string>()
    return {
      delivery(inner, _subscription, { group }) {
        const key = inner.topic + inner.message.id
        if (group !== undefined) return seen.add(key) && inner
        return seen.has(key) && inner.ack() ? undefined : inner
      },
    }
  }),
  mutant('gives a key two owners', [cases.keysHaveOwners], () => ({
    broker: inner => ({ capabilities: { ...inner.capabilities, keyAffinity: true } }),
  })),
  mutant('loses what a consumer had when it went and another was there', [cases.takesOver], () => {
    const members = new Map<string | undefined, Set<Delivery>[]>()
    return {
      async subscribe(next, topics, options) {
        const held = new Set<Delivery>()
        const others = members.get(options.group) ?? []
        members.set(options.group, [...others, held])
        const inner = handing(await next(topics, options), delivery => held.add(delivery) && delivery)
        return overlay(inner, {
          close(how) {
            const rest = (members.get(options.group) ?? []).filter(one => one !== held)
            members.set(options.group, rest)
            if (rest.length > 0) for (const one of held) if (!one.signal.aborted) one.ack()
            return inner.close(how)
          },
        })
      },
    }
  }),
  mutant('keeps no past', [cases.fromEarliest, cases.oldMessages, cases.afterPosition, cases.fromTime], () => ({
    subscribe: (next, topics, options) =>
      next(topics, options.from === undefined ? options : { ...options, from: 'latest' }),
  })),
  mutant('reads the past for a new group only where it is asked to', [cases.newGroupReadsPast], () => ({
    subscribe: (next, topics, options) => next(topics, { from: 'latest', ...options }),
  })),
  mutant("takes 'latest' for 'earliest'", [cases.fromLatest], () => ({
    subscribe: (next, topics, options) => next(topics, options.from === 'latest' ? { ...options, from: 'earliest' } : options), // prettier-ignore
  })),
  mutant('reads the past for those without a group', [cases.fromLatest, cases.broadcasts], () => ({
    subscribe: (next, topics, options) =>
      next(topics, options.group === undefined && !Array.isArray(topics) ? { from: 'earliest', ...options } : options),
  })),
  mutant('reads everything whatever the time', [cases.fromTime], () => ({
    subscribe: (next, topics, options) =>
      next(
        topics,
        typeof options.from === 'object' && 'time' in options.from ? { ...options, from: 'earliest' } : options,
      ),
  })),
  mutant('reads again what it stands at', [cases.afterPosition], () => ({
    subscribe: (next, topics, options) =>
      next(topics, typeof options.from === 'object' && 'after' in options.from ? { ...options, from: { after: String(Number(options.from.after) - 1) } } : options), // prettier-ignore
  })),
  mutant("tells a delivery's position for the one after", [cases.afterPosition], () => ({
    delivery: inner => overlay(inner, { position: String(Number(inner.position) + 1) }),
  })),
  mutant("begins where it is told, whatever the group's place", [cases.groupsPlaceWins, cases.declared], () => {
    let made = 0
    return {
      subscribe: (next, topics, options) =>
        next(topics, options.group !== undefined && options.from !== undefined ? { ...options, group: `${options.group.slice(0, 30)}-${made++}` } : options), // prettier-ignore
    }
  }),
  mutant('takes one of ten topics for the next', [cases.concurrentTopics], () => ({
    publish: (next, topic, messages, options) => next(topic.replace(/-1$/, '-2'), messages, options),
  })),
  mutant('publishes to the topic before', [cases.topics], () => {
    let first: string | undefined
    return {
      publish(next, topic, messages, options) {
        const plain = messages.length === 1 && messages[0]!.payload.byteLength === 1 // one, just counted
        if (plain) first ??= topic
        return next(plain && first ? first : topic, messages, options)
      },
    }
  }),
  mutant('forgets a group that came and went ten times', [cases.concurrentClose], () => {
    const closes = new Map<string | undefined, number>()
    return {
      subscribe: (next, topics, options) =>
        next(topics, (closes.get(options.group) ?? 0) >= 10 ? { ...options, group: 'anew', from: 'latest' } : options),
      subscription: (inner, { group }) =>
        overlay(inner, {
          close(options) {
            closes.set(group, (closes.get(group) ?? 0) + 1)
            return inner.close(options)
          },
        }),
    }
  }),
  mutant('forgets a group that leaves with nothing', [cases.consumerGroups, cases.concurrentClose], () => {
    const had = new Set<string | undefined>()
    const gone = new Set<string | undefined>()
    return {
      subscribe: (next, topics, options) =>
        next(topics, gone.has(options.group) ? { ...options, group: 'anew', from: 'latest' } : options),
      delivery: (inner, _subscription, { group }) => had.add(group) && inner,
      subscription: (inner, { group }) =>
        overlay(inner, {
          close(options) {
            if (!had.has(group)) gone.add(group)
            return inner.close(options)
          },
        }),
    }
  }),
]

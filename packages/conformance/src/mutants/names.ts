import type { Pattern } from 'millrace'
import { isMillraceError, pattern } from 'millrace'
import * as cases from '../cases.ts'
import type { Mutant } from './mutant.ts'
import { handing, mutant, overlay } from './mutant.ts'

/** Faults of names: topics run together, or are not what they are called. */
export const names: readonly Mutant[] = [
  renaming('takes a dash for an underscore', topic => topic.replaceAll('_', '-')),
  renaming('takes capitals for small letters', topic => topic.toLowerCase()),
  renaming('cuts topics at 60 characters', topic => (topic.length > 80 ? topic : topic.slice(0, 60))),
  mutant('publishes to illegal topics', [cases.illegalTopics], () => ({
    publish: (next, topic, list, options) =>
      next(topic, list, options).catch((error: unknown) => {
        if (!isMillraceError(error, 'INVALID_TOPIC')) throw error
      }),
  })),
  mutant('takes illegal groups', [cases.illegalGroups], () => ({
    subscribe: (next, topics, options) =>
      next(topics, options.group === undefined ? options : { ...options, group: options.group.slice(0, 40) || 'none' }),
  })),
  mutant('lets a * stand for many levels', [cases.patternOneLevel], () => ({
    subscribe: (next, topics, options) =>
      next(single(topics)?.pattern.endsWith('.a.*') ? pattern(single(topics)!.pattern + '*') : topics, options),
  })),
  mutant('wants one level at least for a **', [cases.patternManyLevels], () => ({
    async subscribe(next, topics, options) {
      const inner = await next(topics, options)
      const stem = single(topics)?.pattern.replace(/\.\*\*$/, '')
      return handing(inner, delivery => (delivery.topic !== stem || !delivery.ack() ? delivery : undefined))
    },
  })),
  mutant('tells the pattern for the topic', [cases.patternOneLevel], () => ({
    async subscribe(next, topics, options) {
      const inner = await next(topics, options)
      const set = single(topics)
      return set ? handing(inner, delivery => overlay(delivery, { topic: set.pattern })) : inner
    },
  })),
  mutant('hears only the first of a list of topics', [cases.manyTopics], () => ({
    subscribe: (next, topics, options) =>
      next(Array.isArray(topics) && topics.length > 1 ? (topics[0] as string) : topics, options),
  })),
]

function single(topics: unknown): Pattern | undefined {
  return typeof topics === 'object' && !Array.isArray(topics) ? (topics as Pattern) : undefined
}

/** Publishers and subscribers both use the changed name: it only shows where two names become one. */
function renaming(name: string, change: (topic: string) => string): Mutant {
  return mutant(name, [cases.legalNames], () => ({
    publish: (next, topic, list, options) => next(change(topic), list, options),
    subscribe: (next, topics, options) => next(typeof topics === 'string' ? change(topics) : topics, options),
    broker: inner => ({ declare: (topic, options) => inner.declare(change(topic), options) }),
  }))
}

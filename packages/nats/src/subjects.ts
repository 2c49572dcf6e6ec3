import type { Pattern } from 'millrace'

/**
 * Where topics live. Ours are under one prefix, dead-letter topics apart from the others, so that a pattern never hands
 * a subscriber its own dead letters. With `native` topics are subjects as they are.
 */
export interface Subjects {
  /** What the stream captures. */
  readonly all: readonly string[]
  of(topic: string): string
  /** The subjects of a pattern: two for `a.**`, which also stands for `a` alone. */
  ofPattern(pattern: Pattern): readonly string[]
  topicOf(subject: string): string
}

const DEAD = /\.dead$/

export function prefixed(prefix: string): Subjects {
  const live = `${prefix}.t.`
  const dead = `${prefix}.d.`
  return {
    all: [`${live}>`, `${dead}>`],
    of: topic => (DEAD.test(topic) ? dead : live) + topic,
    ofPattern: ({ levels }) => {
      const own = levels.at(-1) === 'dead' ? dead : live
      return wildcards(levels)
        .map(subject => (subject === '' ? '' : own + subject))
        .filter(subject => subject !== '')
    },
    topicOf: subject => subject.slice(live.length),
  }
}

export const native: Subjects = {
  all: [],
  of: topic => topic,
  ofPattern: ({ levels }) => wildcards(levels).filter(subject => subject !== ''),
  topicOf: subject => subject,
}

function wildcards(levels: readonly string[]): string[] {
  if (levels.at(-1) !== '**') return [levels.join('.')]
  const base = levels.slice(0, -1).join('.')
  return base === '' ? ['>'] : [base, `${base}.>`]
}

/** A durable consumer's name: JetStream allows neither dots nor wildcards in one. */
export function durable(topic: string | Pattern, group: string): string {
  const place = typeof topic === 'string' ? topic : topic.pattern
  return `${group}@${place}`.replaceAll('.', '=').replaceAll('*', '+')
}

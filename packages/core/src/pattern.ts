import { MillraceError } from './errors.ts'

/**
 * A set of topics: `*` stands for one level, `**` at the end for any number, none included.
 * An object, not a string, because `orders.*` is a legal literal name on some brokers.
 */
export interface Pattern {
  readonly pattern: string
  readonly levels: readonly string[]
}

const LEVEL = /^(?:[A-Za-z0-9_-]+|\*)$/

/** Makes a pattern such as `orders.*.created` or `orders.**`. @throws INVALID_TOPIC */
export function pattern(text: string): Pattern {
  const levels = String(text).split('.')
  const last = levels.length - 1
  const valid =
    typeof text === 'string' &&
    text.length <= 80 &&
    levels.every((level, i) => LEVEL.test(level) || (level === '**' && i === last))
  if (!valid)
    throw new MillraceError(
      'INVALID_TOPIC',
      `pattern '${text}': levels are [A-Za-z0-9_-]+ or *, ** may only be the last, and 80 characters are the most`,
    )
  return Object.freeze({ pattern: text, levels: Object.freeze(levels) })
}

/** Whether it has the shape of what `pattern` makes, in whichever copy of the library. */
export function isPattern(value: unknown): value is Pattern {
  return typeof value === 'object' && value !== null && 'pattern' in value && 'levels' in value
}

/**
 * Whether a concrete topic is in the pattern's set. Dead-letter topics (`….dead`) are only in the set of a pattern that
 * ends in `.dead` itself: else a subscriber to `orders.**` would be handed its own dead letters.
 */
export function matches(set: Pattern, topic: string): boolean {
  if (topic.endsWith('.dead') && set.levels.at(-1) !== 'dead') return false
  const levels = topic.split('.')
  for (let i = 0; i < set.levels.length; i++) {
    const wanted = set.levels[i]
    if (wanted === '**') return true
    if (i >= levels.length || (wanted !== '*' && wanted !== levels[i])) return false
  }
  return levels.length === set.levels.length
}

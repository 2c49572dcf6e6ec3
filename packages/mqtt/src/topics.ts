import type { Pattern } from 'millrace'

/**
 * Where topics live. Ours are under one prefix: `<prefix>/t/orders/created`, dead-letter topics under `<prefix>/d/`, so
 * that a pattern never hands a subscriber its own dead letters. Beside them `<prefix>/r/<group>/` is where members of a
 * group give back what they cannot finish, and `<prefix>/c/` where a session is asked whether it is empty.
 */
export interface Topics {
  of(topic: string): string
  /** The filter of a pattern; `a/#` also stands for `a` alone (MQTT 5 §4.7.1.2). */
  ofPattern(pattern: Pattern): string
  /** The name behind an MQTT topic; what a name cannot have becomes `_`. */
  topicOf(place: string): string
  /** Where a group's members give back. */
  back(place: string, group: string): string
  /** The MQTT topic behind one where something was given back; undefined for any other. */
  given(place: string): string | undefined
  control(name: string): string
  isControl(place: string): boolean
}

const DEAD = /\.dead$/

export function prefixed(prefix: string): Topics {
  const live = `${prefix}/t/`
  const dead = `${prefix}/d/`
  return {
    ...beside(prefix),
    of: topic => (DEAD.test(topic) ? dead : live) + topic.replaceAll('.', '/'),
    ofPattern: ({ levels }) => (levels.at(-1) === 'dead' ? dead : live) + wildcards(levels),
    topicOf: place => name(place.slice(live.length)),
  }
}

/** Topics are MQTT topics as they are, with `/` for `.`; only what is given back is under a prefix. */
export function native(prefix: string): Topics {
  return {
    ...beside(prefix),
    of: topic => topic.replaceAll('.', '/'),
    ofPattern: ({ levels }) => wildcards(levels),
    topicOf: name,
  }
}

function beside(prefix: string): Pick<Topics, 'back' | 'given' | 'control' | 'isControl'> {
  const back = `${prefix}/r/`
  const control = `${prefix}/c/`
  return {
    back: (place, group) => `${back}${group}/${place}`,
    given: place => (place.startsWith(back) ? place.slice(place.indexOf('/', back.length) + 1) : undefined),
    control: name => control + name,
    isControl: place => place.startsWith(control),
  }
}

function wildcards(levels: readonly string[]): string {
  return levels.map(level => (level === '*' ? '+' : level === '**' ? '#' : level)).join('/')
}

function name(place: string): string {
  return place
    .split('/')
    .map(level => (level === '' ? '_' : level.replaceAll(/[^A-Za-z0-9_-]/g, '_')))
    .join('.')
}

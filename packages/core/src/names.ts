import { MillraceError } from './errors.ts'

const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
/** The longest topic of a user's. */
export const TOPIC_LENGTH = 80
export const GROUP_LENGTH = 40
/** `<topic>.<group>.dead` */
export const DEAD_TOPIC_LENGTH: number = TOPIC_LENGTH + 1 + GROUP_LENGTH + '.dead'.length

/** @throws INVALID_TOPIC */
export function checkTopic(name: string): void {
  if (typeof name === 'string' && NAME.test(name)) {
    if (name.length <= TOPIC_LENGTH || (name.endsWith('.dead') && name.length <= DEAD_TOPIC_LENGTH)) return
  }
  throw new MillraceError(
    'INVALID_TOPIC',
    `topic '${String(name)}': a name is words of [A-Za-z0-9_-] joined by dots, at most ${TOPIC_LENGTH} characters`,
  )
}

/** @throws INVALID_TOPIC */
export function checkGroup(name: string): void {
  if (typeof name === 'string' && NAME.test(name) && name.length <= GROUP_LENGTH) return
  throw new MillraceError(
    'INVALID_TOPIC',
    `group '${String(name)}': a name is words of [A-Za-z0-9_-] joined by dots, at most ${GROUP_LENGTH} characters`,
  )
}

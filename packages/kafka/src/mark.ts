/**
 * What stands beside a committed offset: how often the message there has failed, and whether its consumer left in
 * order. The count of a message that kills its consumer lives on in it: `m<failures>` while a consumer is at it,
 * `m<failures>.` when it has left.
 */
export interface Mark {
  readonly failures: number
  readonly left: boolean
}

/** At most so many are counted: the string stays short. */
const MOST = 999_999

export function formatMark({ failures, left }: Mark): string {
  return `m${Math.min(MOST, failures)}${left ? '.' : ''}`
}

/** Another client's string, or none, says nothing: no failures, left in order. */
export function parseMark(text: string | null | undefined): Mark {
  const read = /^m(\d{1,6})(\.?)$/.exec(text ?? '')
  return read ? { failures: Number(read[1]), left: read[2] === '.' } : { failures: 0, left: true }
}

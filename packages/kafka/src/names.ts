/**
 * Kafka takes `.` and `_` for one another where names must differ: beside `a.b` there can be no `a_b`. Whoever comes
 * second gets a name with a mark of which is which: `a_b..-u`. No portable name has two dots in a row.
 */
export function marked(topic: string): string {
  const marks = topic.replaceAll(/[^._]/g, '').replaceAll('.', 'd').replaceAll('_', 'u')
  return marks === '' ? topic : `${topic}..-${marks}`
}

/** The topic behind a name in the cluster; of a retry topic the one whose failures it has. */
export function unmarked(name: string): string {
  const retry = name.indexOf(RETRY)
  const at = retry < 0 ? name.indexOf('..-') : retry
  return at < 0 ? name : name.slice(0, at)
}

const RETRY = '..retry-'

/** Where a group's failures of a topic wait for their next attempt. */
export function retryTopic(topic: string, group: string): string {
  return `${topic}${RETRY}${group}`
}

/** Whether that is the name of a retry topic, whoever's. */
export function isRetryTopic(name: string): boolean {
  return name.includes(RETRY)
}

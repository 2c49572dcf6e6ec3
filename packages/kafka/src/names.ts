/**
 * Kafka takes `.` and `_` for one another where names must differ: beside `a.b` there can be no `a_b`. Whoever comes
 * second gets a name with a mark of which is which: `a_b..-u`. No portable name has two dots in a row.
 */
export function marked(topic: string): string {
  const marks = topic.replaceAll(/[^._]/g, '').replaceAll('.', 'd').replaceAll('_', 'u')
  return marks === '' ? topic : `${topic}..-${marks}`
}

/** The topic behind a name in the cluster. */
export function unmarked(name: string): string {
  const at = name.indexOf('..-')
  return at < 0 ? name : name.slice(0, at)
}

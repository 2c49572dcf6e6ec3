/** A Markdown table with its columns lined up, as formatters want it. The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map(row => row.map(escaped))
  const columns = cells[0] ?? []
  const widths = columns.map((_, column) => Math.max(3, ...cells.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string => `| ${widths.map((width, i) => (row[i] ?? '').padEnd(width)).join(' | ')} |` // prettier-ignore
  const [head = [], ...body] = cells
  return [line(head), `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)]
}

/** What Markdown would take for its own, outside of `code`. */
function escaped(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .split('`')
    .map((part, i) => (i % 2 === 0 ? part.replaceAll('*', '\\$&') : part))
    .join('`')
}

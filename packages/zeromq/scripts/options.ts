// Writes docs/zeromq/options.md from the one table of options: node --conditions=millrace-source packages/zeromq/scripts/options.ts
import { writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { optionRow, type OptionName } from '../src/options.ts'
import { OPTIONS } from '../src/option-table.ts'

const EFFECTS = { now: 'at once', next: 'next bind or connect', stored: 'none, only kept', refused: 'refused (EINVAL)' }

const rows = (Object.keys(OPTIONS) as OptionName[]).map(name => {
  const row = optionRow(name)
  const bounds =
    row.choices ?? (row.min === undefined && row.max === undefined ? '' : `${row.min ?? ''}…${row.max ?? ''}`)
  const cells = [
    row.id,
    name,
    row.type,
    row.default ?? '',
    bounds,
    row.access,
    row.on,
    EFFECTS[row.effect],
    row.note ?? '',
  ]
  return `| ${cells.join(' | ')} |`
})

/** The page, as it is before it is formatted. */
export const page: string = `# Socket options

Made by \`packages/zeromq/scripts/options.ts\` from \`src/option-table.ts\`. Numbers are libzmq's; those from 10000 on are our own. Times are
milliseconds, sizes octets; bounds are of the number, or of the length of octets and text.

| id | name | type | default | bounds | access | socket types | takes effect | note |
|--:|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(fileURLToPath(new URL('../../../docs/zeromq/options.md', import.meta.url)), page)

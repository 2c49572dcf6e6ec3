/** One line of a benchmark: one subject at one size, beside its rival. */
export interface Row {
  /** What is measured: `publish to ack`. */
  readonly case: string
  /** The payload in bytes, or what else the case is swept over. */
  readonly size: number | string
  /** Ours, or a way of ours. */
  readonly subject: string
  /** What it ran beside; empty for the rivals' own rows. */
  readonly rival: string
  /** `msg/s`, `ms`, `bytes`. */
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  /** The subject's median through the rival's; null without a rival. For rates more is better, for times less. */
  readonly ratio: number | null
}

/** What `bench/<suite>/suite.ts` exports as `run`. */
export type Suite = (options: SuiteOptions) => Promise<Row[]>

/** What such a file exports. */
export interface SuiteModule {
  readonly run: Suite
  /** What `only` chooses from: each case by its name, in the order in which they run. Known without starting anything. */
  readonly cases: readonly string[]
}

/** Whether `only` chooses the case of that name: it has those words in it, in capitals or not. */
export function chooses(only: string | undefined, name: string): boolean {
  return only === undefined || name.toLowerCase().includes(only.toLowerCase())
}

export interface SuiteOptions {
  /** Small counts: whether it works, not how fast. */
  readonly quick?: boolean
  /** Only the cases that this `chooses`. */
  readonly only?: string
  /** Progress. */
  log(line: string): void
}

/** The rows as an aligned table. */
export function table(rows: readonly Row[]): string {
  const cells = [
    ['case', 'size', 'subject', 'rival', 'unit', 'median', 'min', 'max', 'ratio'],
    ...rows.map(row => [
      row.case,
      String(row.size),
      row.subject,
      row.rival,
      row.unit,
      amount(row.median),
      amount(row.min),
      amount(row.max),
      row.ratio === null ? '' : ratio(row.ratio),
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map(line => line[column]?.length ?? 0))) ?? []
  const isNumber = (column: number) => column === 1 || column >= 5
  const line = (row: readonly string[]) =>
    row.map((text, column) =>
      isNumber(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
    )
  return cells.map(row => line(row).join('  ').trimEnd()).join('\n')
}

/** Three digits that say something, and thousands kept apart. */
function amount(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 4
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

const ratio = (value: number): string => `${value >= 10 ? value.toFixed(1) : value.toFixed(value >= 0.1 ? 2 : 4)}×`

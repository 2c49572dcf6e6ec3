import { ZmqError } from './errors.ts'
import { OPTIONS } from './option-table.ts'
import { decodeZ85 } from './wire/z85.ts'

/** The name of a socket option. */
export type OptionName = keyof typeof OPTIONS

type Values = {
  bool: boolean
  int: number
  int64: number
  uint64: number
  string: string | null
  bytes: Uint8Array | null
  key: Uint8Array | null
  metadata: Uint8Array | null
}

/** The values of a socket's options, by name. */
export type OptionValues = { [K in OptionName]: Values[(typeof OPTIONS)[K]['type']] }

/** One row of the table, seen without its literal types. */
export interface OptionRow {
  readonly id: number
  readonly type: keyof Values
  readonly default: boolean | number | string | null
  readonly min?: number
  readonly max?: number
  readonly access: 'rw' | 'r' | 'w'
  readonly effect: 'now' | 'next' | 'stored' | 'refused'
  readonly on: string
  readonly note?: string
  /** The words that a text may be, with a space between. */
  readonly choices?: string
}

/** What a caller may set an option to. */
export type OptionInput = boolean | number | string | Uint8Array | null

/** The row of an option. */
export function optionRow(name: OptionName): OptionRow {
  return OPTIONS[name]
}

/** The name of the option with this number; undefined: there is none. */
export function optionOfId(id: number): OptionName | undefined {
  return NAMES.get(id)
}

/** Values as a new socket has them. */
export function defaultOptions(): OptionValues {
  const values: Record<string, unknown> = {}
  for (const [name, row] of Object.entries(OPTIONS)) values[name] = row.default
  return values as OptionValues
}

/** Whether a socket of this type (wire name) knows the option. */
export function optionApplies(name: OptionName, type: string): boolean {
  const { on } = optionRow(name)
  return on === 'all' || on.split(' ').includes(type)
}

/** Checks a value against the option's row and answers it as it is kept; throws EINVAL. */
export function checkOption(name: OptionName, value: OptionInput): OptionInput {
  const row = optionRow(name)
  switch (row.type) {
    case 'bool':
      if (typeof value === 'boolean') return value
      if (value === 0 || value === 1) return value === 1
      throw invalid(name)
    case 'int':
    case 'int64':
    case 'uint64':
      return checkNumber(name, row, value)
    case 'string':
      if (row.choices !== undefined && !row.choices.split(' ').includes(String(value))) throw invalid(name)
      if (value === null || value === undefined) return null
      return checkLength(name, row, typeof value === 'string' ? value : text(name, value))
    case 'bytes':
      if (value === null || value === undefined) return row.min === 0 ? null : checkLength(name, row, new Uint8Array(0))
      return checkLength(name, row, octets(name, value))
    case 'key':
      return checkKey(name, value)
    case 'metadata':
      return octets(name, value ?? '')
  }
}

function checkNumber(name: OptionName, row: OptionRow, value: OptionInput): number {
  const number = typeof value === 'boolean' ? Number(value) : value
  if (typeof number !== 'number' || Number.isNaN(number)) throw invalid(name)
  const whole = Math.trunc(number)
  if (row.type === 'int' && (whole > 0x7fffffff || whole < -0x80000000)) throw invalid(name)
  if (row.min !== undefined && whole < row.min) throw invalid(name)
  if (row.max !== undefined && whole > row.max) throw invalid(name)
  return whole
}

function checkLength<T extends string | Uint8Array>(name: OptionName, row: OptionRow, value: T): T {
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  if (length < (row.min ?? 0) || length > (row.max ?? Infinity)) throw invalid(name)
  return value
}

function checkKey(name: OptionName, value: OptionInput): Uint8Array | null {
  if (value === null || value === undefined) return null
  const bytes = octets(name, value)
  if (bytes.length === 32) return Uint8Array.from(bytes)
  const z85 = Buffer.from(bytes).toString('latin1').replace(/\0$/, '')
  if (z85.length !== 40) throw invalid(name)
  const key = decodeZ85(z85)
  if (key === undefined) throw invalid(name)
  return key
}

function octets(name: OptionName, value: OptionInput): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value)
  throw invalid(name)
}

function text(name: OptionName, value: OptionInput): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  throw invalid(name)
}

function invalid(name: OptionName): ZmqError {
  const { note, effect } = optionRow(name)
  return new ZmqError('EINVAL', effect === 'refused' && note !== undefined ? { message: `${name}: ${note}` } : {})
}

const NAMES: ReadonlyMap<number, OptionName> = new Map(
  (Object.keys(OPTIONS) as OptionName[]).map(name => [OPTIONS[name].id, name]),
)

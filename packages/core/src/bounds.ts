import { MillraceError } from './errors.ts'

/** The longest that anything waits in this process, in ms: a year. */
export const LONGEST_WAIT: number = 366 * 24 * 3600 * 1000

/** @throws BAD_OPTION unless it is a whole number in the bounds; Infinity is one where `most` is. */
export function whole(option: string, value: number, least: number, most: number): void {
  const fits = Number.isInteger(value) || (value === Infinity && most === Infinity)
  if (!fits || value < least || value > most)
    throw new MillraceError('BAD_OPTION', `${option} is a whole number from ${least} to ${most}, not ${String(value)}`)
}

/** @throws BAD_OPTION unless it is a number of ms in the bounds; Infinity is one where `most` is. */
export function milliseconds(option: string, value: number, least: number, most: number): void {
  if (typeof value !== 'number' || !(value >= least) || !(value <= most))
    throw new MillraceError('BAD_OPTION', `${option} is from ${least} to ${most} milliseconds, not ${String(value)}`)
}

/**
 * @throws BAD_OPTION unless these are options, each of them in `names`, or undefined: one that is misspelt would be ignored.
 * `names` may be a table that its type holds complete: `{ url: true } satisfies Record<keyof MyOptions, true>`.
 */
export function known(what: string, options: unknown, names: Readonly<Record<string, true>>): void {
  if (typeof options !== 'object' || options === null)
    throw new MillraceError('BAD_OPTION', `${what}: options are an object, not ${String(options)}`)
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !Object.hasOwn(names, name))
      throw new MillraceError(
        'BAD_OPTION',
        `${what}: there is no option '${name}'; there are ${Object.keys(names).join(', ')}`,
      )
}

/** @throws BAD_OPTION unless it is an AbortSignal, of whatever realm, or undefined. */
export function abortable(what: string, signal: unknown): void {
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function')
    throw new MillraceError('BAD_OPTION', `${what}: signal is an AbortSignal`)
}

/** @throws BAD_OPTION unless it is a function, or undefined. */
export function callable(option: string, value: unknown): void {
  if (value !== undefined) method(option, value)
}

/** @throws BAD_OPTION unless it is a function. */
export function method(option: string, value: unknown): void {
  if (typeof value !== 'function') throw new MillraceError('BAD_OPTION', `${option} is a function, not ${typeof value}`)
}

import { warn } from './warning.ts'

/** How much a line matters, from `trace` to `error`. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** What a line says beside its text. An `error` field may be an Error. */
export type Fields = Readonly<Record<string, unknown>>

/** Where the library's lines go. Check `enabled` before you build costly fields. */
export interface Logger {
  enabled(level: Level): boolean
  log(level: Level, text: string, fields?: Fields): void
  /** A logger that adds these fields to every line. */
  with(fields: Fields): Logger
}

/** In order of their weight. */
export const LEVELS: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error']

/** Says nothing. */
export const silent: Logger = Object.freeze({ enabled: () => false, log: () => undefined, with: () => silent })

/** What is written and where to. */
export interface LineLoggerOptions {
  /** The least level that is written. Default 'info'. */
  readonly level?: Level
  /** Takes one line, newline included. Default: standard error. */
  readonly write?: (line: string) => void
  /** The time of a line in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
}

/** One line each: time, level, text, then the fields as `key=value`, sorted by key. */
export function lineLogger(options: LineLoggerOptions = {}): Logger {
  const { level = 'info', write = (line: string) => void process.stderr.write(line), now = Date.now } = options
  return logger(level, (at, text, fields) =>
    write(`${new Date(now()).toISOString()} ${at.toUpperCase().padEnd(5)} ${text}${pairs(fields)}\n`),
  )
}

/** A line that a capturing logger kept. */
export interface Captured {
  readonly level: Level
  readonly text: string
  readonly fields: Fields
}

/** A logger that remembers, for tests. */
export interface CaptureLogger extends Logger {
  /** Every line since it was made, those of its `with` descendants included. */
  readonly lines: readonly Captured[]
}

/** Keeps the lines, for tests. */
export function captureLogger(level: Level = 'trace'): CaptureLogger {
  const lines: Captured[] = []
  const inner = logger(level, (at, text, fields) => void lines.push({ level: at, text, fields }))
  return { ...inner, lines }
}

/** The same logger, except that what it throws is reported as a warning: a full disk must not stop the work. */
export function unfailing(inner: Logger): Logger {
  const safely = <T>(run: () => T, otherwise: T): T => {
    try {
      return run()
    } catch (error) {
      warn('the logger threw', error)
      return otherwise
    }
  }
  return {
    enabled: level => safely(() => inner.enabled(level), false),
    log: (level, text, fields) => safely(() => inner.log(level, text, fields), undefined),
    with: fields => unfailing(safely(() => inner.with(fields), inner)),
  }
}

/** The shape of pino, bunyan and their like: fields first, then the text. */
export interface ObjectFirstLogger {
  trace(fields: object, text: string): void
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
  isLevelEnabled?(level: string): boolean
}

/** Sends the lines to a pino logger or one of its shape. An `error` field goes as `err`, where they look for it. */
export function fromPino(target: ObjectFirstLogger, fields: Fields = {}): Logger {
  return {
    enabled: level => target.isLevelEnabled?.(level) ?? true,
    log(level, text, more) {
      const { error, ...rest } = { ...fields, ...more }
      target[level](error === undefined ? rest : { ...rest, err: error }, text)
    },
    with: more => fromPino(target, { ...fields, ...more }),
  }
}

function logger(least: Level, write: (level: Level, text: string, fields: Fields) => void, own: Fields = {}): Logger {
  const from = LEVELS.indexOf(least)
  const enabled = (level: Level): boolean => LEVELS.indexOf(level) >= from
  return {
    enabled,
    log(level, text, fields) {
      if (enabled(level)) write(level, text, fields === undefined ? own : { ...own, ...fields })
    },
    with: fields => logger(least, write, { ...own, ...fields }),
  }
}

function pairs(fields: Fields): string {
  let line = ''
  for (const key of Object.keys(fields).sort()) {
    const value = fields[key]
    if (value !== undefined) line += ` ${key}=${rendered(value)}`
  }
  return line
}

function rendered(value: unknown): string {
  const plain =
    value instanceof Error
      ? `${value.name}: ${value.message}`
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? String(value))
  // A value of one line and no blanks needs no quotes; a line break in one must not look like another line.
  return /^[^\s"=]+$/.test(plain) ? plain : JSON.stringify(plain)
}

import { describe, expect, test } from 'vitest'
import { captureLogger, fromPino, lineLogger, silent } from '../src/logger.ts'

describe('the line logger', () => {
  const write = () => {
    const lines: string[] = []
    return { lines, options: { write: (line: string) => void lines.push(line), now: () => 0 } }
  }

  test('writes time, level, text and fields sorted by key, those of its makers included', () => {
    const { lines, options } = write()

    lineLogger(options)
      .with({ handler: 'h', zone: 1 })
      .log('warn', 'failed', { attempt: 2, error: new RangeError('too far'), nothing: undefined })

    expect(lines).toEqual([
      '1970-01-01T00:00:00.000Z WARN  failed attempt=2 error="RangeError: too far" handler=h zone=1\n',
    ])
  })

  test('writes from its level on', () => {
    const { lines, options } = write()
    const logger = lineLogger({ ...options, level: 'warn' })

    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) logger.log(level, level)

    expect(lines).toHaveLength(2)
    expect([logger.enabled('info'), logger.enabled('warn')]).toEqual([false, true])
  })

  test('keeps a line one line, whatever a field says', () => {
    const { lines, options } = write()

    lineLogger(options).log('info', 'x', { evil: 'a\nERROR b="c"', empty: '', object: { a: [1] } })

    expect(lines.join('').split('\n')).toHaveLength(2)
  })
})

test('the capture logger keeps lines with the fields of its descendants', () => {
  const logger = captureLogger()

  logger.with({ a: 1 }).with({ b: 2 }).log('info', 'hello', { c: 3 })

  expect(logger.lines).toEqual([{ level: 'info', text: 'hello', fields: { a: 1, b: 2, c: 3 } }])
})

test('the silent one says nothing and is all its descendants', () => {
  expect([silent.enabled('error'), silent.with({ a: 1 })]).toEqual([false, silent])
})

test('a pino logger gets fields first and the error where it looks for it', () => {
  const calls: unknown[][] = []
  const take = (...args: unknown[]): void => void calls.push(args)
  const pino = {
    trace: take,
    debug: take,
    info: take,
    warn: take,
    error: take,
    isLevelEnabled: (l: string) => l !== 'trace',
  }
  const error = new Error('no')

  const logger = fromPino(pino).with({ handler: 'h' })
  logger.log('warn', 'failed', { error })
  logger.log('info', 'fine')

  expect(calls).toEqual([
    [{ handler: 'h', err: error }, 'failed'],
    [{ handler: 'h' }, 'fine'],
  ])
  expect([logger.enabled('trace'), logger.enabled('info')]).toEqual([false, true])
})

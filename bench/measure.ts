import type { Row } from './row.ts'

/** One contender of a case. */
export interface Contender {
  readonly name: string
  /** Names of those it is compared with, a row for each; without one it is a rival itself. */
  readonly rival?: string | readonly string[]
  /** Does the work once, and tells how much it did: the rate is that through the time it took. */
  run(): Promise<number> | number
  /** Measured by itself, in the case's unit, instead of by our clock around `run`. */
  readonly value?: () => Promise<number> | number
}

export interface MeasureOptions {
  readonly case: string
  readonly size: number | string
  /** Default `msg/s`. */
  readonly unit?: string
  /** How often each is measured, in turn, so that a slow minute of the machine is everybody's. Default 7. */
  readonly repeats?: number
  /** Rounds before the first that counts. Default 2. */
  readonly warmUp?: number
  readonly log?: (line: string) => void
}

/** Measures contenders side by side: each once per round, the order turning, and gives a row for each, and for each of its rivals. */
export async function measure(contenders: readonly Contender[], options: MeasureOptions): Promise<Row[]> {
  const { repeats = 7, warmUp = 2, unit = 'msg/s', log } = options
  const values = new Map<Contender, number[]>(contenders.map(one => [one, []]))
  for (let round = -warmUp; round < repeats; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const one = contenders[(turn + round + warmUp) % contenders.length]
      if (one === undefined) continue
      const value = await valueOf(one)
      if (round >= 0) values.get(one)?.push(value)
    }
    log?.(`${options.case} ${options.size}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${repeats}`}`)
  }
  const medians = new Map(contenders.map(one => [one.name, median(values.get(one) ?? [])]))
  return contenders.flatMap(one =>
    rivalsOf(one).map(rival => rowOf(one.name, rival, values.get(one) ?? [], medians, { ...options, unit })),
  )
}

async function valueOf(contender: Contender): Promise<number> {
  if (contender.value) return contender.value()
  globalThis.gc?.()
  const started = performance.now()
  const done = contender.run()
  // A promise is only waited for where there is one: a turn of the loop is part of nobody's work.
  const count = typeof done === 'number' ? done : await done
  return (count / (performance.now() - started)) * 1000
}

function rivalsOf({ rival }: Contender): readonly (string | undefined)[] {
  return typeof rival === 'string' || rival === undefined ? [rival] : rival
}

function rowOf(
  name: string,
  rival: string | undefined,
  values: readonly number[],
  medians: ReadonlyMap<string, number>,
  options: MeasureOptions & { unit: string },
): Row {
  const beside = rival === undefined ? undefined : medians.get(rival)
  if (rival !== undefined && beside === undefined) throw new Error(`there is no contender '${rival}' beside '${name}'`)
  return {
    case: options.case,
    size: options.size,
    subject: name,
    rival: rival ?? '',
    unit: options.unit,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
    ratio: beside === undefined ? null : median(values) / beside,
  }
}

/** The middle one, or the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

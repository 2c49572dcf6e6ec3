import type { Case } from '../case.ts'
import { examine } from '../examination.ts'
import { failures } from '../report/report.ts'
import { suite } from '../suite.ts'
import type { Mutant } from './mutant.ts'

/** What the suite made of one mutant. */
export interface Verdict {
  readonly mutant: Mutant
  /** The titles of the cases that failed, in the suite's order. */
  readonly failed: readonly string[]
}

/** Mutants at once, and cases at once of each: they mostly wait. */
const MUTANTS = 4
const CASES = 32

/** Runs the whole suite against each. `patience` is what a case that fails waits for: in ms, default 3000. */
export async function examineMutants(mutants: readonly Mutant[], patience = 3000): Promise<Verdict[]> {
  const failed = new Map<Mutant, string[]>(mutants.map(mutant => [mutant, []]))
  const run = async (mutant: Mutant, cases: readonly Case[]): Promise<void> => {
    const { name, open, hold } = mutant
    const report = await examine({ name, open, ...(hold && { hold }), patience, lease: 200, cases, abreast: CASES })
    failed.get(mutant)?.push(...failures(report))
  }
  const queue = [...mutants]
  const together = suite.filter(one => !one.alone)
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) await run(mutant, together)
  }
  await Promise.all(Array.from({ length: MUTANTS }, work))
  for (const mutant of mutants) {
    const alone = suite.filter(one => one.alone)
    await run(mutant, alone)
  }
  for (const mutant of mutants) {
    const before = new Set(failed.get(mutant))
    const expected = new Set(mutant.killedBy.map(one => one.title))
    const doubtful = suite.filter(({ title }) => before.has(title) !== expected.has(title))
    if (doubtful.length === 0) continue
    // On a busy machine a short lease may end by itself, or not in time: what came otherwise is asked again, alone.
    const sure = [...before].filter(title => expected.has(title))
    failed.set(mutant, sure)
    for (const one of doubtful) await run(mutant, [one])
  }
  const order = suite.map(one => one.title)
  return mutants.map(mutant => ({
    mutant,
    failed: (failed.get(mutant) ?? []).sort((a, b) => order.indexOf(a) - order.indexOf(b)),
  }))
}

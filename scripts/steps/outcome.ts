/** What one step came to, in tests: a tool that says yes or no counts as one. */
export interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly Skip[]
  /** A few words for the step's line: a size, a time. */
  readonly note?: string
  /** What a reader needs to mend it; shown when something failed. */
  readonly details?: string
}

export interface Skip {
  readonly title: string
  readonly reason: string
}

export const passed = (note?: string): Outcome => ({ passed: 1, failed: 0, skipped: [], ...(note && { note }) })

export const failed = (details: string): Outcome => ({ passed: 0, failed: 1, skipped: [], details })

export const skipped = (title: string, reason: string): Outcome => ({
  passed: 0,
  failed: 0,
  skipped: [{ title, reason }],
})

/** The sum of many, with all their details. Notes stay with their steps. */
export function sum(outcomes: readonly Outcome[]): Outcome {
  const details = outcomes.flatMap(outcome => outcome.details ?? []).join('\n')
  return {
    passed: outcomes.reduce((total, outcome) => total + outcome.passed, 0),
    failed: outcomes.reduce((total, outcome) => total + outcome.failed, 0),
    skipped: outcomes.flatMap(outcome => outcome.skipped),
    ...(details && { details }),
  }
}

/** `12 passed, 0 failed, 3 skipped`: one plain line, skips only where there are some. */
export function summary({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed` + (skipped.length > 0 ? `, ${skipped.length} skipped` : '')
}

/** What was skipped, each reason once: `no server here: a, b and 12 more`. */
export function skipList(skips: readonly Skip[], named: number = 2): string[] {
  const titles = Map.groupBy(skips, skip => skip.reason || 'no reason given')
  return [...titles].map(([reason, same]) => {
    const shown = same.slice(0, named).map(({ title }) => title)
    return `${reason}: ${shown.join(', ')}${same.length > named ? ` and ${same.length - named} more` : ''}`
  })
}

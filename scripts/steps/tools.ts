import { tool, verdict } from './command.ts'
import { failed, passed } from './outcome.ts'
import type { Step } from './step.ts'
import { checkFloors } from '../floors.ts'

/** What the tools of package.json say about the whole checkout. */
export const formatting: Step = {
  name: 'format',
  run: () =>
    verdict([tool('prettier/bin/prettier.cjs'), '--check', '--cache', '--cache-location=.cache/prettier', '--log-level=warn', '.']), // prettier-ignore
}

export const lint: Step = {
  name: 'lint',
  run: () => verdict([tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '--quiet']),
}

export const types: Step = {
  name: 'types',
  run: () => verdict([tool('typescript/bin/tsc'), '-p', 'tsconfig.json', '--pretty', 'false']),
}

export const floors: Step = {
  name: 'floors',
  async run() {
    const problems = await checkFloors()
    return problems.length === 0 ? passed() : failed(problems.join('\n'))
  },
}

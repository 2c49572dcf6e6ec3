/** `npm run build`: compiles every package into its `dist`, in the order of their imports. */
import { buildAll } from './build/build-all.ts'
import { readArguments } from './steps/arguments.ts'

readArguments('npm run build: compiles every package into its dist, those that have changed. Takes nothing.', {})

for await (const { name, built, outcome, seconds } of buildAll()) {
  console.log(
    `${outcome.failed > 0 ? 'FAIL' : ' ok '}  ${name.padEnd(24)} ${built ? `${seconds.toFixed(1)} s` : 'unchanged'}`,
  )
  if (outcome.failed === 0) continue
  console.log(`\n${outcome.details ?? ''}`)
  process.exitCode = 1
}

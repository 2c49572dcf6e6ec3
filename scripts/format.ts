/** `npm run format`: rewrites what the check would complain about; a path or several to limit it. */
import { runNode, tool } from './steps/command.ts'

const paths = process.argv.slice(2)
const args = ['--write', '--cache', '--cache-location=.cache/prettier', ...(paths.length > 0 ? paths : ['.'])]
const { code } = await runNode([tool('prettier/bin/prettier.cjs'), ...args, '--log-level=warn'], { live: true })
process.exitCode = code

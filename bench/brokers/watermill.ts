import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { rival } from '@millrace/harness'
import type { Contender } from '../measure.ts'
import type { Opened, WatermillSetting } from './contender.ts'

const run = promisify(execFile)

/** Watermill's program, built where it is not yet; undefined, said why, where this machine cannot build it. */
export async function watermill(log: (line: string) => void): Promise<string | undefined> {
  return rival('watermill', log).catch((error: unknown) => {
    console.warn(`Watermill is left out: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  })
}

/** One way of Watermill's on that server, in a process of its own, which measures itself after a warm-up. */
export function watermillContender(
  program: string,
  { url }: Opened,
  { operation, setting, size }: { operation: 'publish' | 'consume'; setting: WatermillSetting; size: number },
): Contender {
  const args = ['bench', '-url', url, '-op', operation, '-size', String(size), '-repeats', '1', ...setting.flags]
  const value = async (): Promise<number> => {
    const { stdout } = await run(program, args, { timeout: 120_000 })
    const [line = '{}'] = stdout.trim().split('\n').slice(-1)
    return (JSON.parse(line) as { perSecond: number }).perSecond
  }
  return { name: setting.name, run: value, value }
}

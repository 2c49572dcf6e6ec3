// Every example, which is written for the `zeromq` package, prints the same over the native package and over ours.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../../../examples/zeromq', import.meta.url))
const run = promisify(execFile)
const ours = ['--conditions=millrace-source', '--import', join(folder, 'switch.ts')]

for (const entry of readdirSync(folder, { withFileTypes: true }))
  if (entry.isDirectory())
    test(`${entry.name} prints what is expected, over either package`, async () => {
      const expected = readFileSync(join(folder, entry.name, 'expected.txt'), 'utf8')

      const [native, ported] = await Promise.all([[], ours].map(flags => printed(entry.name, flags)))

      expect(native).toBe(expected)
      expect(ported).toBe(expected)
    })

async function printed(name: string, flags: readonly string[]): Promise<string> {
  const args = ['--no-warnings', ...flags, join(folder, name, 'main.ts')]
  const { stdout } = await run(process.execPath, args, { timeout: 15_000, env: { ...process.env, NODE_OPTIONS: '' } })
  return stdout
}

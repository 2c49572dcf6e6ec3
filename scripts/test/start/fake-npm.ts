import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** A folder of its own for one test, and an npm that only notes its arguments and then does as told. */
export function fakeNpm(script = ''): { folder: string; calls: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))
  const bin = join(folder, 'npm')
  mkdirSync(bin)
  const note = `require('fs').appendFileSync(${JSON.stringify(join(folder, 'calls'))}, process.argv.slice(2).join(' ') + '\\n')\n`
  writeFileSync(join(bin, 'npm-cli.js'), note + script)
  writeFileSync(join(folder, 'calls'), '')
  vi.stubEnv('npm_execpath', join(bin, 'npm-cli.js'))
  const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    quiet.mockRestore()
    rmSync(folder, { recursive: true })
  })
  return { folder, calls: () => readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1) }
}

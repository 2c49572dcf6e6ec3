import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runNode } from '../../steps/command.ts'
import { root } from '../../steps/root.ts'

/** A small checkout with nothing to install and one command. */
function checkout(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-run-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'scripts'))
  mkdirSync(join(folder, 'node_modules'))
  for (const part of ['run.mjs', 'start']) cpSync(join(root, 'scripts', part), join(folder, 'scripts', part), { recursive: true }) // prettier-ignore
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'package-lock.json'), '{ "packages": {} }')
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{ "packages": {} }')
  writeFileSync(join(folder, 'scripts', 'work.ts'), script)
  return join(folder, 'scripts', 'run.mjs')
}

test('a command gets its arguments and the source condition, and its exit code comes back', async () => {
  const run = checkout(
    `console.log(JSON.stringify([process.argv.slice(2), process.execArgv[0]])); process.exitCode = 7`,
  )

  const { code, stdout } = await runNode([run, 'work', '--json', 'a b'])

  expect(code).toBe(7)
  expect(JSON.parse(stdout)).toEqual([['--json', 'a b'], '--conditions=millrace-source'])
})

test('a command that does not exist is told with those that do', async () => {
  const { code, output } = await runNode([checkout(''), 'wrok'])

  expect(code).toBe(1)
  expect(output).toContain(`there is no command 'wrok': work`)
})

test('a signal reaches the command, and ends both', async () => {
  const run = checkout(`process.on('SIGTERM', () => { console.log('told'); process.exit(3) })
    setInterval(() => undefined, 1000); console.log('ready')`)
  const child = spawn(process.execPath, [run, 'work'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    if (chunk.includes('ready')) child.kill('SIGTERM')
  })

  const [code] = (await once(child, 'close')) as [number]

  expect(output).toContain('told')
  expect(code).toBe(3)
})

test('a command that a signal ended looks so from outside', async () => {
  const child = spawn(process.execPath, [checkout(`process.kill(process.pid, 'SIGKILL')`), 'work'], {
    stdio: 'inherit',
  })

  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]

  expect([code, signal]).toEqual([null, 'SIGKILL'])
})

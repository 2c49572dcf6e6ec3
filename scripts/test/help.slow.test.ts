import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runNode } from '../steps/command.ts'
import { root } from '../steps/root.ts'

const run = (command: string, ...words: string[]) =>
  runNode(['--conditions=millrace-source', join(root, 'scripts', `${command}.ts`), ...words])

test.each(['bench', 'test', 'check', 'build', 'brokers', 'demo', 'floors'])(
  '%s explains itself and does nothing else',
  async command => {
    const { code, stdout } = await run(command, '--help')

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`npm ${command === 'test' ? 'test' : `run ${command}`}`),
    })
  },
)

test.each(['bench', 'test', 'check', 'build', 'brokers', 'demo', 'floors'])(
  '%s refuses an option that there is not, without a stack',
  async command => {
    const { code, output } = await run(command, '--frobnicate')

    expect(code).toBeGreaterThan(0)
    expect(output).toContain("'--frobnicate'")
    expect(output).not.toContain('    at ')
  },
)

test('bench names its suites to who asks for another', async () => {
  const { code, output } = await run('bench', 'nothing')

  expect(code).toBe(2)
  expect(output).toMatch(/There is no suite 'nothing'.*brokers.*memory.*zeromq/s)
})

test.each([
  ['memory', 'publish to ack, one at a time'],
  ['brokers', 'mqtt: consume 256'],
  ['zeromq', 'push-pull PUSH to PULL 64'],
])('bench %s names its cases, and nothing else happens, where none has the words of --only', async (suite, one) => {
  const { code, output } = await run('bench', suite, '--only', 'nonsense')

  expect(code).toBe(2)
  expect(output.trimStart().startsWith(`No case of '${suite}' has 'nonsense' in its name. There are:`), output).toBe(
    true,
  )
  expect(output).toContain(`\n  ${one}\n`)
})

test.each([[['memory', '--json', '/no/such/folder/out.json'], "no writing into '/no/such/folder'"]])(
  'bench %j is refused before anything is measured',
  async (words, why) => {
    const { code, output } = await run('bench', ...words)

    expect(code).toBe(2)
    expect(output).toContain(why)
  },
)

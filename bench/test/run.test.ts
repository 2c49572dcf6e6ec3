import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { bench, purpose } from '../run.ts'

const row = { case: 'c', size: 1, subject: 'ours', rival: '', unit: 'msg/s', median: 1, min: 1, max: 1, ratio: null }

test('a suite gets its options, and its rows are printed and kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'fixture'))
  const source = `export const cases = ['acks']; export const run = async ({ quick, only }) => [{ ...${JSON.stringify(row)}, case: only + ' ' + quick }]`
  writeFileSync(join(folder, 'fixture', 'suite.ts'), source)
  const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined)

  await bench('fixture', { folder, quick: true, only: 'acks', json: join(folder, 'out.json') })
  const printed = lines.mock.calls.flat().join('\n')
  lines.mockRestore()

  expect(printed).toContain('acks true')
  expect(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'))).toEqual({
    suite: 'fixture',
    node: process.version,
    rows: [{ ...row, case: 'acks true' }],
  })
})

test('where no case is chosen nothing runs and nothing is written, and the cases that there are are named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'fixture'))
  const source = `export const cases = ['one 64', 'Two 64']; export const run = () => Promise.reject(new Error('it ran'))`
  writeFileSync(join(folder, 'fixture', 'suite.ts'), source)

  const running = bench('fixture', { folder, only: 'nothing', json: join(folder, 'out.json') })

  await expect(running).rejects.toThrow("no case of 'fixture' has 'nothing' in its name: one 64; Two 64")
  expect(existsSync(join(folder, 'out.json'))).toBe(false)
  await expect(bench('fixture', { folder, only: 'two' })).rejects.toThrow('it ran')
})

test('a suite that is not there is an error that names those that are', async () => {
  await expect(bench('nothing')).rejects.toThrow("there is no suite 'nothing'")
})

test("a suite's purpose is what the head of its file says", () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'fixture'))
  writeFileSync(join(folder, 'fixture', 'suite.ts'), '/**\n * This beside\n * that.\n */\n/** Not this. */')

  expect(purpose('fixture', folder)).toBe('This beside that.')
})

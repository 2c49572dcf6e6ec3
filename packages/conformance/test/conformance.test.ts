import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cases, conformance, examine, suite } from '@millrace/conformance'
import type { Report } from '@millrace/conformance'
import { memory } from 'millrace/memory'
import { expect, test } from 'vitest'
import { heldLink } from '../src/mutants/connection.ts'

interface Registered {
  readonly title: string
  run(context?: unknown): Promise<void>
}

/** A runner that only writes down. */
function listing(): { readonly tests: Registered[]; readonly test: (title: string, run: Registered['run']) => void } {
  const tests: Registered[] = []
  return { tests, test: (title, run) => void tests.push({ title, run }) }
}

const group = suite.find(one => one.title.startsWith('what needs groups'))! // it is in the suite

test('every title is there once', () => {
  expect(new Set(suite.map(one => one.title)).size).toBe(suite.length)
})

test('a case declares no parameter, which jest and mocha would take for a callback', () => {
  const runner = listing()

  conformance({ name: 'memory', open: () => memory(), test: runner.test })

  expect(new Set(runner.tests.map(one => one.run.length))).toEqual(new Set([0]))
})

test('a driver where a broker is wanted is refused by what it lacks', async () => {
  const open = () => ({ name: 'half', capabilities: {}, close: () => Promise.resolve() }) as never

  await expect(examine({ name: 'half', open })).rejects.toMatchObject({
    code: 'BAD_OPTION',
    message: expect.stringContaining('broker(driver); it has no open, declare, publish, subscribe, health'),
  })
})

test('examine without a way to open a broker is BAD_OPTION', async () => {
  await expect(examine({ name: 'nothing' } as never)).rejects.toMatchObject({ code: 'BAD_OPTION' })
})

test("the first sixteen cases have Watermill's names", () => {
  const names = suite.slice(0, 16).map(one => one.title.split(':')[0])

  expect(names).toEqual([
    'PublishSubscribe',
    'ConcurrentSubscribe',
    'ConcurrentSubscribeMultipleTopics',
    'ResendOnError',
    'NoAck',
    'ContinueAfterSubscribeClose',
    'ConcurrentClose',
    'ContinueAfterErrors',
    'PublishSubscribeInOrder',
    'PublisherClose',
    'Topic',
    'MessageCtx',
    'SubscribeCtx',
    'NewSubscriberReceivesOldMessages',
    'Reconnect',
    'ConsumerGroups',
  ])
})

test('where open is synchronous a skip is told while registering, and not registered as a test', () => {
  const runner = listing()
  const skips: { title: string; reason: string }[] = []

  conformance({
    name: 'memory',
    open: () => memory(),
    test: runner.test,
    skip: (title, reason) => skips.push({ title, reason }),
  })

  expect(runner.tests.length + skips.length).toBe(suite.length)
  expect(skips.find(skip => skip.title === group.title)?.reason).toContain('capabilities.groups')
})

test('where open is asynchronous a skip is told while running', async () => {
  const runner = listing()
  const skips: string[] = []
  conformance({
    name: 'memory',
    open: async () => memory(),
    test: runner.test,
    skip: (title, reason) => skips.push(`${title}: ${reason}`),
  })
  expect(runner.tests).toHaveLength(suite.length)

  await runner.tests.find(one => one.title === group.title)?.run()

  expect(skips).toEqual([`${group.title}: it is there (capabilities.groups)`])
})

test("without a skip of one's own the runner's context is told", async () => {
  const runner = listing()
  const reasons: string[] = []
  conformance({ name: 'memory', open: () => memory(), test: runner.test })

  const found = runner.tests.find(one => one.title === group.title)
  await found?.run({ skip: (reason: string) => reasons.push(reason) })

  expect(reasons).toEqual(['it is there (capabilities.groups)'])
})

test.each([
  [{ restrt: () => Promise.resolve() }],
  [{ mode: 'long' }],
  [{ order: 'subscribe' }],
  [{ open: 'memory' }],
  [{ test: undefined }],
])('%o is BAD_OPTION: nothing runs otherwise than it was told to', wrong => {
  const { test } = listing()

  expect(() => conformance({ name: 'memory', open: () => memory(), test, ...wrong } as never)).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION' }),
  )
})

test('a broker that hangs up passes the cases of a held link, and without a link they say so', async () => {
  const both = [cases.closedOverSilence, cases.closedWhileConnecting]
  const hold = () => heldLink()

  const given = await examine({ name: 'memory', open: () => memory(), hold, cases: both })
  const without = await examine({ name: 'memory', open: () => memory(), cases: both })

  expect(given.results).toMatchObject([{ result: 'passed' }, { result: 'passed' }])
  expect(without.results).toMatchObject(both.map(() => ({ result: 'skipped', reason: 'no hold was given' })))
})

test('an open that fails fails every case with its error', async () => {
  const runner = listing()
  const open = (): never => {
    throw new Error('no server here')
  }
  conformance({ name: 'none', open, test: runner.test })

  await expect(runner.tests[0]?.run()).rejects.toThrow('no server here')
})

test('the report is written when the last case has run, as data and as a page', async () => {
  const runner = listing()
  const report = join(mkdtempSync(join(tmpdir(), 'conformance-')), 'memory')
  conformance({ name: 'memory', open: () => memory(), test: runner.test, report, server: 'none', lease: 100 })

  await Promise.all(runner.tests.map(one => one.run({ skip: () => undefined })))

  const written = JSON.parse(readFileSync(`${report}.json`, 'utf8')) as Report
  expect(written).toMatchObject({ name: 'memory', server: 'none', mode: 'short', order: 'publish-first' })
  expect(written.capabilities?.groups).toBe(true)
  expect(written.results.map(one => one.title)).toEqual(suite.map(one => one.title))
  const skipped = written.results.filter(one => one.result === 'skipped')
  expect(skipped.length).toBeGreaterThan(0)
  expect(skipped.every(one => one.reason.length > 0)).toBe(true)
  const page = readFileSync(`${report}.md`, 'utf8')
  expect(page).toMatch(/^\| `groups` +\| yes +\|$/m)
  expect(page).toMatch(/^\| what needs groups .* \| does not apply: it is there \(capabilities\.groups\) +\|$/m)
})

/** The memory broker and the router beside what does a part of it in the same process, and beside kincir and Watermill. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rival } from '@millrace/harness'
import type { RivalName } from '@millrace/harness'
import { measure } from '../measure.ts'
import type { Contender } from '../measure.ts'
import { chooses } from '../row.ts'
import type { Row, Suite } from '../row.ts'

const run_ = promisify(execFile)
const SUBJECTS = join(import.meta.dirname, 'subjects.ts')

interface Case {
  readonly name: string
  readonly size: number
  readonly unit: string
  /** Subjects of `subjects.ts`, how many messages each handles, and what it is compared with. */
  readonly contenders: readonly { readonly subject: string; readonly messages: number; readonly rival?: string }[]
  readonly others?: readonly { readonly program: RivalName; readonly args: readonly string[] }[]
}

/** Subjects that are measured over more and more topics, each over so many messages: ours, and the least that anything with topics does. */
const OVER_TOPICS: ReadonlyMap<string, number> = new Map([
  ['one by one over topics', 2_000_000],
  ['one by one over topics at random', 2_000_000],
  ['in batches of 64 over topics', 10_000_000],
  ['in batches of 64 over topics at random', 10_000_000],
  ['a map of rings over topics', 2_000_000],
  ['a map of rings over topics at random', 2_000_000],
])

const NAMES: Readonly<Record<RivalName, string>> = { kincir: 'kincir', watermill: 'Watermill' }

function matrix(scale: number): Case[] {
  const of = (messages: number): number => Math.ceil(messages * scale)
  const all: Case[] = []
  for (const size of [16, 64, 256, 1024])
    all.push({
      name: 'publish → handler → ack',
      size,
      unit: 'msg/s',
      contenders: [
        { subject: 'EventEmitter', messages: of(40_000_000) },
        { subject: 'RxJS Subject', messages: of(20_000_000), rival: 'EventEmitter' },
        { subject: 'each, sync handler', messages: of(20_000_000), rival: 'EventEmitter' },
        { subject: 'batches, sync handler', messages: of(2_000_000), rival: 'EventEmitter' },
        { subject: 'publish one by one, each', messages: of(1_000_000), rival: 'EventEmitter' },
        { subject: 'each, async handler without await', messages: of(2_000_000), rival: 'EventEmitter' },
        { subject: 'each, async handler', messages: of(2_000_000), rival: 'EventEmitter' },
        { subject: 'for await, async handler', messages: of(2_000_000), rival: 'EventEmitter' },
      ],
    })
  for (const size of [16, 64, 256, 1024])
    all.push({
      name: 'live, a new message each',
      size,
      unit: 'msg/s',
      contenders: [
        { subject: 'a new message each, each', messages: of(2_000_000), rival: 'kincir' },
        { subject: 'a new message each, each', messages: of(2_000_000), rival: 'Watermill' },
        { subject: 'a new message each, for await', messages: of(1_000_000), rival: 'kincir' },
        { subject: 'a new message each, for await', messages: of(1_000_000), rival: 'Watermill' },
        { subject: 'new messages in batches, each', messages: of(2_000_000), rival: 'kincir' },
        { subject: 'new messages in batches, each', messages: of(2_000_000), rival: 'Watermill' },
      ],
      others: [
        { program: 'kincir', args: ['--sizes', String(size), '--subscribers', '1', '--messages', String(of(200_000))] },
        { program: 'watermill', args: ['gochannel', '-case', 'a default window1000', '-sizes', String(size), '-messages', String(of(100_000))] }, // prettier-ignore
      ],
    })
  all.push({
    name: 'through the router',
    size: 64,
    unit: 'msg/s',
    contenders: [
      { subject: 'router, no middleware', messages: of(1_000_000), rival: 'Watermill' },
      { subject: 'router, 5 middlewares', messages: of(1_000_000), rival: 'Watermill' },
      { subject: 'router, 5 middlewares, async', messages: of(1_000_000), rival: 'Watermill' },
      { subject: 'router, correlation', messages: of(1_000_000), rival: 'Watermill' },
    ],
    others: [
      { program: 'watermill', args: ['gochannel', '-case', 'router handler 5mw window1000', '-sizes', '64', '-messages', String(of(60_000))] }, // prettier-ignore
    ],
  })
  for (const subscribers of [1, 10, 100, 1000])
    all.push({
      name: 'deliveries to subscribers',
      size: subscribers,
      unit: 'msg/s',
      contenders: [
        { subject: 'EventEmitter to subscribers', messages: of(20_000_000 / subscribers) },
        {
          subject: 'broadcast to subscribers',
          messages: of(2_000_000 / subscribers),
          rival: 'EventEmitter to subscribers',
        },
      ],
      ...(subscribers > 1 && {
        others: [
          { program: 'kincir' as const, args: ['--sizes', '64', '--subscribers', String(subscribers), '--messages', String(of(200_000))] }, // prettier-ignore
        ],
      }),
    })
  for (const topics of [1, 10, 100, 1000, 10_000])
    all.push({
      name: 'cost of a message over topics',
      size: topics,
      unit: 'ns',
      contenders: [...OVER_TOPICS].map(([subject, messages]) => ({ subject, messages: of(messages) })),
    })
  all.push({
    name: 'publish to ack, one at a time',
    size: 64,
    unit: 'µs',
    contenders: ['latency p50', 'latency p99', 'latency p99.9'].map(subject => ({ subject, messages: of(200_000) })),
  })
  all.push({
    name: 'heap after ten million messages',
    size: 64,
    unit: 'bytes',
    contenders: [{ subject: 'heap growth', messages: of(10_000_000) }],
  })
  return all
}

/** Each at several sizes. */
export const cases: readonly string[] = [...new Set(matrix(1).map(({ name }) => name))]

/** Measures them all, or those that `only` chooses. */
export const run: Suite = async options => {
  const { quick = false, only } = options
  const log = (line: string): void => options.log(line)
  const rows: Row[] = []
  const chosen = matrix(quick ? 0.02 : 1).filter(({ name }) => chooses(only, name))
  for (const one of chosen) {
    const others: Contender[] = []
    for (const { program, args } of one.others ?? []) {
      const path = await available(program, log)
      if (path) others.push(told(NAMES[program], () => outside(path, args)))
    }
    const there = new Set([...one.contenders.map(({ subject }) => subject), ...others.map(({ name }) => name)])
    const ours = one.contenders
      .filter(({ rival }) => rival === undefined || there.has(rival))
      .map(({ subject, messages, rival }) => told(subject, () => inside(subject, one.size, messages), rival))
    rows.push(
      ...(await measure([...ours, ...others], {
        case: one.name,
        size: one.size,
        unit: one.unit,
        repeats: quick ? 1 : 5,
        warmUp: 0,
        log,
      })),
    )
  }
  return compareTopics(rows)
}

/** A contender that measures itself, in a process of its own. */
function told(name: string, value: () => Promise<number>, rival?: string): Contender {
  return { name, run: value, value, ...(rival !== undefined && { rival }) }
}

/** The cost at each number of topics through that at one. */
function compareTopics(rows: readonly Row[]): Row[] {
  return rows.map(row => {
    const first = OVER_TOPICS.has(row.subject) && rows.find(one => one.subject === row.subject && one.size === 1)
    return first && row !== first ? { ...row, rival: 'one topic', ratio: row.median / first.median } : row
  })
}

async function inside(subject: string, size: number, messages: number): Promise<number> {
  const args = ['--expose-gc', '--conditions=millrace-source', SUBJECTS, subject, String(size), String(messages)]
  const { stdout } = await run_(process.execPath, args)
  return (JSON.parse(stdout) as { value: number }).value
}

async function outside(program: string, args: readonly string[]): Promise<number> {
  const { stdout } = await run_(program, [...args, program.includes('kincir') ? '--repeats' : '-repeats', '1'])
  const [line = '{}'] = stdout.trim().split('\n').slice(-1)
  const told = JSON.parse(line) as { perSecond: number; deliveriesPerSecond?: number }
  return told.deliveriesPerSecond ?? told.perSecond
}

const programs = new Map<RivalName, Promise<string | undefined>>()

/** The rival's program, or undefined, said why, where this machine cannot build it. */
function available(name: RivalName, log: (line: string) => void): Promise<string | undefined> {
  let program = programs.get(name)
  if (!program) {
    program = rival(name, log).catch((error: unknown) => {
      console.warn(`${NAMES[name]} is left out: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    })
    programs.set(name, program)
  }
  return program
}

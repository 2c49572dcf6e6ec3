/** Our sockets beside libzmq in C, zeromq for Node, rzmq and Node's own sockets, each end in a process of its own. */
import { join } from 'node:path'
import { chooses } from '../row.ts'
import type { Row, Suite } from '../row.ts'
import { runPair, type Program, type Run } from './pair.ts'
import { libzmq, rzmq } from './rivals.ts'

/** Printed by `npm run bench`. */
export const name = 'zeromq'

type Kind = 'push-pull' | 'req-rep' | 'pub-sub' | 'inproc' | 'curve'

interface Contender {
  readonly name: string
  readonly program: Program
  /** Ours are compared with every rival. */
  readonly ours: boolean
  readonly plays: readonly Kind[]
  /** How much faster than the slowest it is thought to be, so that every run takes about as long. */
  readonly pace: number
}

interface Case {
  readonly kind: Kind
  readonly title: string
  readonly unit: 'msg/s' | 'µs'
  readonly sizes: readonly number[]
  /** Messages at a pace of 1: enough for a second or two, of which compiling and the first collections are a small part. */
  readonly count: (size: number) => number
  readonly run: Omit<Run, 'size' | 'count'>
}

const matrix: readonly Case[] = [
  {
    kind: 'push-pull',
    title: 'PUSH to PULL',
    unit: 'msg/s',
    sizes: [64, 1024, 16_384, 1_048_576],
    count: size => (size <= 64 ? 600_000 : size <= 1024 ? 200_000 : size <= 16_384 ? 30_000 : 1_500),
    run: { first: 'pull', second: 'push', measures: 'first' },
  },
  {
    kind: 'req-rep',
    title: 'REQ to REP, p50 of a round trip',
    unit: 'µs',
    sizes: [64, 1024, 16_384],
    // Of 8,000 a good part is made by code that is not compiled yet.
    count: () => 20_000,
    run: { first: 'rep', second: 'req', measures: 'second' },
  },
  {
    kind: 'pub-sub',
    title: 'PUB to 16 SUB, deliveries',
    unit: 'msg/s',
    sizes: [64, 1024],
    count: size => (size <= 64 ? 30_000 : 8_000),
    run: { first: 'pub', second: 'sub', measures: 'second' },
  },
  {
    kind: 'inproc',
    title: 'inproc PUSH to PULL',
    unit: 'msg/s',
    sizes: [64],
    count: () => 400_000,
    run: { second: 'inproc', measures: 'second' },
  },
  {
    kind: 'curve',
    title: 'CURVE PUSH to PULL',
    unit: 'msg/s',
    sizes: [64, 1024],
    count: size => (size <= 64 ? 200_000 : 100_000),
    run: { first: 'pull', second: 'push', measures: 'first', mechanism: 'curve' },
  },
]

/** By kind, title and size. */
export const cases: readonly string[] = matrix.flatMap(one => one.sizes.map(size => named(one, size)))

/** All cases, or those that `only` chooses. */
export const run: Suite = async options => {
  const { quick = false, only } = options
  const log = (line: string): void => options.log(line)
  const contenders = everybody(log)
  const rows: Row[] = []
  for (const one of matrix)
    for (const size of one.sizes) {
      if (!chooses(only, named(one, size))) continue
      rows.push(
        ...(await measured(
          one,
          size,
          contenders.filter(({ plays }) => plays.includes(one.kind)),
          quick,
          log,
        )),
      )
    }
  return rows
}

function named({ kind, title }: Case, size: number): string {
  return `${kind} ${title} ${size}`
}

async function measured(
  one: Case,
  size: number,
  contenders: readonly Contender[],
  quick: boolean,
  log: (line: string) => void,
): Promise<Row[]> {
  const repeats = quick ? 1 : 5
  const values = new Map<Contender, number[]>(contenders.map(contender => [contender, []]))
  for (let round = 0; round < repeats; round++)
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length]
      if (contender === undefined) continue
      log(`${one.title} ${size}: ${contender.name}, ${round + 1} of ${repeats}`)
      const pace = one.unit === 'µs' || size > 16_384 ? 1 : size > 1024 ? Math.min(2, contender.pace) : contender.pace
      const count = Math.max(50, Math.round((one.count(size) * pace) / (quick ? 10 : 1)))
      try {
        values.get(contender)?.push(await runPair(contender.program, { ...one.run, size, count }))
      } catch (error) {
        log(`${one.title} ${size}: ${contender.name} failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  return rowsOf(one, size, values)
}

function rowsOf(one: Case, size: number, values: ReadonlyMap<Contender, number[]>): Row[] {
  const seen = [...values].filter(([, numbers]) => numbers.length > 0)
  const rivals = seen.filter(([{ ours }]) => !ours)
  const row = (subject: string, numbers: readonly number[], rival: string, ratio: number | null): Row => ({
    case: one.title,
    size,
    subject,
    rival,
    unit: one.unit,
    median: median(numbers),
    min: Math.min(...numbers),
    max: Math.max(...numbers),
    ratio,
  })
  return seen.flatMap(([{ name: subject, ours }, numbers]) =>
    ours
      ? rivals.map(([{ name: rival }, theirs]) => row(subject, numbers, rival, median(numbers) / median(theirs)))
      : [row(subject, numbers, '', null)],
  )
}

function everybody(log: (line: string) => void): Contender[] {
  const tcp: readonly Kind[] = ['push-pull', 'req-rep', 'pub-sub', 'inproc', 'curve']
  const found: Contender[] = [
    { name: 'millrace', program: worker('millrace', 'await'), ours: true, plays: tcp, pace: 12 },
    {
      name: 'millrace, batches',
      program: worker('millrace', 'batch'),
      ours: true,
      plays: ['push-pull', 'pub-sub', 'inproc', 'curve'],
      pace: 20,
    },
    { name: 'millrace, packed', program: worker('millrace', 'packed'), ours: true, plays: ['push-pull'], pace: 25 },
    {
      name: "millrace, 'data' events",
      program: worker('millrace', 'data'),
      ours: true,
      plays: ['push-pull', 'req-rep'],
      pace: 12,
    },
    { name: 'millrace, busyPoll', program: worker('millrace', 'poll'), ours: true, plays: ['req-rep'], pace: 12 },
    { name: 'zeromq', program: worker('zeromq', 'await'), ours: false, plays: tcp, pace: 1 },
    { name: 'raw net', program: node('net-worker.ts'), ours: false, plays: ['push-pull', 'req-rep'], pace: 30 },
  ]
  for (const [rival, name_, plays, pace] of [
    [libzmq(log), 'libzmq', tcp, 12],
    [rzmq(log), 'rzmq', tcp, 8],
  ] as const)
    if (rival.is === 'here') found.push({ name: name_, program: rival.program, ours: false, plays, pace })
    else log(`left out: ${rival.reason}`)
  return found
}

function worker(library: string, api: string): Program {
  return node('worker.ts', library, api)
}

function node(file: string, ...args: string[]): Program {
  return {
    command: process.execPath,
    args: ['--no-warnings', '--conditions=millrace-source', join(import.meta.dirname, file), ...args],
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

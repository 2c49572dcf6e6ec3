// Runs the tests that hold this package to libzmq and writes what they showed:
//   node packages/zeromq/scripts/tables.ts
//   docs/zeromq/libzmq-behaviours.md   file → how many passed, in which pairings
//   docs/zeromq/interop.md             pair × mechanism × peer
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Assertion {
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo'
}
interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Assertion[] }[]
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const pairings = ['ours → ours', 'ours → native', 'native → ours'] as const

const differences = `
## Where this package differs

Only where libzmq, or the native package over it, aborts the process, hangs or loses data:

- closing the observer of a socket that goes on is harmless (the native package blocks its process);
- a SOCKS proxy that hangs up costs a try (a native client aborts its process);
- closing the sockets of a running proxy ends it (the native package aborts or crashes its process);
- what a STREAM was sent right before the end of its connection is received (libzmq may lose it);
- a REQ that is relaxed goes on waiting when a stale reply arrives (the native package rejects with EAGAIN);
- a send to a full peer of a ROUTER that is mandatory waits as long as \`sendTimeout\` says (the native package rejects at once);
- \`RECONNECT_STOP_AFTER_DISCONNECT\` ends the search for that peer on every transport, and a context does not wait for it (libzmq
  heeds it on ipc alone, and then waits for ever);
- REQ and DISH can be bound as servers of PLAIN (libzmq takes the handshake for messages).
`

const behaviours = run('packages/zeromq/test/libzmq')
const interop = run('packages/zeromq/test/interop')
mkdirSync(join(root, 'docs', 'zeromq'), { recursive: true })
writeFileSync(join(root, 'docs', 'zeromq', 'libzmq-behaviours.md'), behavioursPage(behaviours))
writeFileSync(join(root, 'docs', 'zeromq', 'interop.md'), interopPage(interop))
spawnSync(process.execPath, [join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs'), '--write', 'docs/zeromq'], {
  cwd: root,
})
const failed = [behaviours, interop].flatMap(assertions).filter(({ status }) => status === 'failed')
for (const { title } of failed) console.log(`failed: ${title}`)
console.log(`${[behaviours, interop].flatMap(assertions).filter(passed).length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1

function run(folder: string): Report {
  const out = mkdtempSync(join(tmpdir(), 'tables-'))
  const file = join(out, 'report.json')
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  spawnSync(process.execPath, [vitest, 'run', folder, '--reporter=json', `--outputFile=${file}`], {
    cwd: root,
    stdio: 'ignore',
  })
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  rmSync(out, { recursive: true })
  return report
}

function behavioursPage(report: Report): string {
  const files = report.testResults.toSorted((a, b) => a.name.localeCompare(b.name))
  const rows = files.map(({ name, assertionResults: all }) => {
    const cells = pairings.map(pairing => share(all.filter(({ title }) => title.includes(`[${pairing}`))))
    const alone = share(all.filter(({ title }) => !title.includes(' → ours,') && !title.includes(' → native,')))
    return `| ${basename(name, '.test.ts')} | ${cells.join(' | ')} | ${alone} | ${verdict(all)} |`
  })
  const all = assertions(report)
  const skipped = all.filter(({ status }) => status !== 'passed' && status !== 'failed')
  return `# libzmq's behaviours

One test file for each applicable file of libzmq's own test suite, written anew over the public API and asserting the same
behaviour. Every test runs with this package on both sides and, where the native \`zeromq\` package (libzmq 4.3.5) can play a
side, with it on either side. This page is written by \`node packages/zeromq/scripts/tables.ts\`.

${files.length} files, ${all.filter(passed).length} of ${all.length - skipped.length} tests passed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}.

| file | ours → ours | ours → native | native → ours | alone | |
|---|---|---|---|---|---|
${rows.join('\n')}
${skipped.map(({ title }) => `\nSkipped: ${title}`).join('\n')}
${differences}`
}

function interopPage(report: Report): string {
  const all = assertions(report)
  const table = new Map<string, Map<string, Assertion[]>>()
  for (const assertion of all) {
    const found = /^(\w+) to (\w+)( of pyzmq)?, (NULL|PLAIN|CURVE), (\w+) binds \[(\w+) → (\w+), (\w+)\]$/.exec(
      assertion.title,
    )
    if (found === null) continue
    const [, first = '', second = '', python, mechanism = '', , left = '', right = ''] = found
    const peer = python === undefined ? (left === right ? 'ours' : 'zeromq') : 'pyzmq'
    const row = table.get(`${first} to ${second}`) ?? new Map<string, Assertion[]>()
    table.set(`${first} to ${second}`, row)
    const key = `${mechanism} ${peer}`
    row.set(key, [...(row.get(key) ?? []), assertion])
  }
  const columns = ['NULL', 'PLAIN', 'CURVE'].flatMap(mechanism =>
    ['ours', 'zeromq', 'pyzmq'].map(peer => `${mechanism} ${peer}`),
  )
  const rows = [...table].map(
    ([pair, row]) => `| ${pair} | ${columns.map(column => share(row.get(column) ?? [])).join(' | ')} |`,
  )
  const others = all.filter(({ title }) => !/ binds \[/.test(title))
  return `# Interoperability

What this package exchanged with itself, with the native \`zeromq\` package (libzmq 4.3.5 with drafts) and with \`pyzmq\`, both
ways round and with either side bound, over tcp and (but for pyzmq) ipc: frames of 0 B to 64 KiB (1 MiB with
\`MILLRACE_FULL=1\`) and messages of many parts. Each cell says how many of its tests passed. This page is written by
\`node packages/zeromq/scripts/tables.ts\`.

| pair | ${columns.join(' | ')} |
|---|${columns.map(() => '---').join('|')}|
${rows.join('\n')}

Where libzmq fails with itself there is nothing to compare: a REQ or DISH that is bound as a PLAIN server takes the commands
of the handshake for messages.

## Beyond the matrix

| what | |
|---|---|
${others.map(({ title, status }) => `| ${title.replaceAll('|', '\\|')} | ${status} |`).join('\n')}
`
}

function assertions(report: Report): Assertion[] {
  return report.testResults.flatMap(({ assertionResults }) => assertionResults)
}

function passed({ status }: Assertion): boolean {
  return status === 'passed'
}

function share(of: readonly Assertion[]): string {
  return of.length === 0 ? '' : `${of.filter(passed).length}/${of.length}`
}

function verdict(all: readonly Assertion[]): string {
  return all.some(({ status }) => status === 'failed') ? 'failed' : 'passed'
}

import { examine, failures, suite } from '@millrace/conformance'
import { expect, test } from 'vitest'
import type { Flaw } from './distant.ts'
import { DistantServer } from './distant.ts'

// What fails where a link is cut or bytes are foreign; the mutants of @millrace/conformance cannot be cut.
const NAMED: Readonly<Record<Flaw, readonly string[]>> = {
  'forgets what it stored when it restarts': ['a publish that a broken link cuts', 'a cut link is told'],
  'takes what is unknown for refused': ['a publish that a broken link cuts'],
  'takes what is unknown for accepted': ['a publish that a broken link cuts'],
  'stays down': ['Reconnect', 'a cut link is told', 'without a group an outage'],
  'gives a foreign message another id each time': ["another producer's message arrives"],
  'drops what it cannot read': ['bytes that are no message'],
  'tells of a gap that is none': ['without a group an outage'],
}

const CASES = suite.filter(
  one =>
  ['Reconnect', 'a publish that a broken link', 'a cut link', 'without a group an outage', 'another producer', 'bytes that are no message'].some(start => one.title.startsWith(start)), // prettier-ignore
)

for (const [flaw, named] of Object.entries(NAMED) as [Flaw, readonly string[]][])
  test(`the suite notices a broker that ${flaw}`, async () => {
    const server = new DistantServer({}, flaw)

    const report = await examine({
      name: flaw,
      open: () => server.connect(),
      restart: () => server.restart(),
      foreign: (topic, what) => server.foreign(topic, what),
      patience: 1500,
      cases: CASES,
    })

    const failed = failures(report)
    for (const start of named) expect(failed.filter(title => title.startsWith(start))).toHaveLength(1)
  }, 60_000)

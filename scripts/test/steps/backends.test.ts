import { expect, test } from 'vitest'
import { backendTable } from '../../steps/backends.ts'

test('the table counts each result and tells why cases do not apply, each reason once', () => {
  const lines = backendTable([
    {
      name: 'kafka',
      server: 'Apache Kafka 4.1.0',
      mode: 'short',
      order: 'publish-first',
      results: [
        { title: 'a', result: 'passed' },
        { title: 'b', result: 'failed' },
        { title: 'c', result: 'skipped', reason: 'no priorities' },
        { title: 'd', result: 'skipped', reason: 'no priorities' },
      ],
    },
  ])

  expect(lines).toEqual([
    'backend  server              mode                  passed  failed  do not apply',
    'kafka    Apache Kafka 4.1.0  short, publish-first  1       1       2',
    '  kafka, 2 cases: no priorities',
  ])
})

import { expect, test } from 'vitest'
import { table } from '../row.ts'

test('the table is aligned, and shows the ratio where there is a rival', () => {
  const row = { case: 'c', size: 64, unit: 'msg/s', min: 1, max: 2_000_000 }
  const lines = table([
    { ...row, subject: 'ours', rival: 'theirs', median: 1_234_567, ratio: 12.34 },
    { ...row, subject: 'theirs', rival: '', median: 0.5, ratio: null },
  ])

  expect(lines.split('\n')).toEqual([
    'case  size  subject  rival   unit      median  min        max  ratio',
    'c       64  ours     theirs  msg/s  1,234,567    1  2,000,000  12.3×',
    'c       64  theirs           msg/s        0.5    1  2,000,000',
  ])
})

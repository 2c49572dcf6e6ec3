// libzmq: test_sockopt_hwm
import { expect } from 'vitest'
import { drain, each, fill, text } from './kit.ts'

const inproc = { over: ['inproc'] } as const

each('a mark that is set before connect counts', inproc, async ({ a, add, bind }) => {
  const pull = add(new a.Pull({ receiveHighWaterMark: 1 }))
  const push = add(new a.Push({ sendHighWaterMark: 1 }))
  push.sendHighWaterMark = 2
  pull.receiveHighWaterMark = 2
  push.connect(await bind(pull))

  expect(await fill(push, 'x', 100)).toBe(4)
})

each('a mark that is raised after connect counts at once', inproc, async ({ a, add, bind }) => {
  const pull = add(new a.Pull({ receiveHighWaterMark: 1 }))
  const push = add(new a.Push({ sendHighWaterMark: 1 }))
  push.connect(await bind(pull))

  push.sendHighWaterMark = 5

  expect(await fill(push, 'x', 100)).toBe(6)
})

each('a mark that is lowered while messages wait counts once they are gone', inproc, async ({ a, add, bind }) => {
  const pull = add(new a.Pull({ receiveHighWaterMark: 1 }))
  const push = add(new a.Push({ sendHighWaterMark: 100 }))
  push.connect(await bind(pull))
  expect(await fill(push, 'x', 1_000)).toBe(101)

  push.sendHighWaterMark = 70

  expect(await fill(push, 'x', 1_000)).toBe(0)
  expect(await drain(pull)).toHaveLength(101)
  // The credit of the last half mark may not have come back yet.
  const room = await fill(push, 'x', 1_000)
  expect(room).toBeLessThanOrEqual(71)
  expect(room).toBeGreaterThanOrEqual(71 - 51)
  expect(await text(pull)).toEqual(['x'])
})

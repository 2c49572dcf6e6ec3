import { afterEach, describe, expect, test } from 'vitest'
import { steer, terminate } from '../../src/extra.ts'
import * as zmq from '../../src/index.ts'

const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

async function ends(): Promise<{ context: zmq.Context; front: zmq.Router; back: zmq.Dealer; capture: zmq.Push }> {
  const context = new zmq.Context()
  const front = new zmq.Router({ context, linger: 0 })
  const back = new zmq.Dealer({ context, linger: 0 })
  const capture = new zmq.Push({ context, linger: 0 })
  sockets.push(front, back, capture)
  await front.bind('inproc://front')
  await back.bind('inproc://back')
  return { context, front, back, capture }
}

describe('a running proxy ends, and closes both its sockets, when', () => {
  test.each(['front', 'back'] as const)('its %s is closed', async which => {
    const { front, back, ...rest } = await ends()
    const running = new zmq.Proxy(front, back).run()

    ;({ front, back, ...rest })[which].close()

    await running
    expect([front.closed, back.closed]).toEqual([true, true])
  })

  test('what captures is closed', async () => {
    const { front, back, capture } = await ends()
    const running = steer(front, back, { capture }).run()

    await capture[Symbol.asyncDispose]()

    await running
    expect([front.closed, back.closed, capture.closed]).toEqual([true, true, true])
  })

  test('its context is terminated, also while it is paused', async () => {
    const { context, front, back, capture } = await ends()
    const steering = steer(front, back)
    const running = steering.run()
    steering.pause()
    capture.close()

    await terminate(context)

    await running
    expect([front.closed, back.closed]).toEqual([true, true])
  })
})

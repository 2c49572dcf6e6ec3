// libzmq: test_timeo
import { expect } from 'vitest'
import { across, each, text } from './kit.ts'

each('a wait for a message ends after its timeout', async ({ a, add, bind }) => {
  const socket = add(new a.Pair())
  await bind(socket)
  const took = await timed(socket, 'receiveTimeout', () => socket.receive())

  expect(took.none).toBeLessThan(50)
  expect(took.some).toBeGreaterThan(90)
  expect(took.some).toBeLessThan(1_000)
})

each('a wait for room ends after its timeout', async ({ a, add, bind }) => {
  const socket = add(new a.Push())
  await bind(socket)
  const took = await timed(socket, 'sendTimeout', () => socket.send('x'))

  expect(took.none).toBeLessThan(50)
  expect(took.some).toBeGreaterThan(90)
  expect(took.some).toBeLessThan(1_000)
})

across('a wait ends at once when a message comes', async ({ a, b, add, bind }) => {
  const pull = add(new a.Pair({ receiveTimeout: -1 }))
  const push = add(new b.Pair())
  const endpoint = await bind(pull)
  const waiting = text(pull)
  push.connect(endpoint)

  await push.send('now')

  expect(await waiting).toEqual(['now'])
})

async function timed<K extends 'sendTimeout' | 'receiveTimeout'>(
  socket: Record<K, number>,
  option: K,
  wait: () => Promise<unknown>,
): Promise<{ none: number; some: number }> {
  const measure = async (timeout: number): Promise<number> => {
    socket[option] = timeout as Record<K, number>[K]
    const began = performance.now()
    await expect(wait()).rejects.toMatchObject({ code: 'EAGAIN' })
    return performance.now() - began
  }
  return { none: await measure(0), some: await measure(100) }
}

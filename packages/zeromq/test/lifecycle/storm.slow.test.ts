import { expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

/** What keeps a process alive, or will call it, by kind. */
function resources(): Record<string, number> {
  const found: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) {
    if (/TCP|Pipe|Timeout|Immediate|UDP|GetAddrInfo/.test(kind)) found[kind] = (found[kind] ?? 0) + 1
  }
  return found
}

/** Whether there is no more of any kind than before; the runner's own timers may have gone meanwhile. */
function noneLeft(before: Record<string, number>): boolean {
  return Object.entries(resources()).every(([kind, count]) => count <= (before[kind] ?? 0))
}

/** Resolves when `condition` holds, looking again in each turn of the event loop; fails after `limit` ms. */
async function until(condition: () => boolean, limit: number, what: () => string): Promise<void> {
  const deadline = performance.now() + limit
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what()}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

test('a thousand connections storm in, each is served, and all that go leave nothing', async () => {
  const before = resources()
  const router = new zmq.Router()
  await router.bind('tcp://127.0.0.1:*')
  const served = (async () => {
    for (let i = 0; i < 1000; i++) {
      const [id, text] = await router.receive()
      await router.send([id!, `${String(text)} to you`])
    }
  })()

  const dealers = Array.from({ length: 1000 }, () => new zmq.Dealer())
  const answers = await Promise.all(
    dealers.map(async (dealer, i) => {
      dealer.connect(router.lastEndpoint!)
      await dealer.send(`hello ${i}`)
      return String(await dealer.receive())
    }),
  )
  await served
  expect(answers).toEqual(dealers.map((_, i) => `hello ${i} to you`))

  for (const dealer of dealers) dealer.close()
  router.close()
  await until(
    () => noneLeft(before),
    10_000,
    () => JSON.stringify({ before, now: resources() }),
  )
}, 60_000)

test('sockets that come, talk and go, a hundred times over, leave no handle, timer or listener', async () => {
  const before = resources()
  const listeners = process.listenerCount('exit')
  for (let round = 0; round < 100; round++) {
    const push = new zmq.Push()
    const pull = new zmq.Pull()
    await pull.bind('tcp://127.0.0.1:*')
    push.connect(pull.lastEndpoint!)
    await push.send(`round ${round}`)
    expect(String(await pull.receive())).toBe(`round ${round}`)
    push.close()
    pull.close()
  }

  await until(
    () => noneLeft(before),
    10_000,
    () => JSON.stringify({ before, now: resources() }),
  )
  // One listener for the context is all that there ever is.
  expect(process.listenerCount('exit')).toBeLessThanOrEqual(listeners + 1)
}, 60_000)

test.each([0, 1, 10])('connect, send ten and close at once, %i kB each: all ten arrive', async size => {
  for (let round = 0; round < 20; round++) {
    const pull = new zmq.Pull()
    await pull.bind('tcp://127.0.0.1:*')
    const push = new zmq.Push()
    push.connect(pull.lastEndpoint!)
    for (let i = 0; i < 10; i++) await push.send([`${i}`, Buffer.alloc(size * 1000)])
    push.close()

    for (let i = 0; i < 10; i++) expect(String((await pull.receive())[0])).toBe(`${i}`)
    pull.close()
  }
})

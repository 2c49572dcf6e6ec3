// libzmq: test_spec_pushpull (RFC 30)
import { setImmediate } from 'node:timers/promises'
import { expect } from 'vitest'
import { across, connected, drain, each, fill, refuses, text } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a PUSH deals out in turn', over, async scene => {
  const { a, b, add } = scene
  const push = add(new a.Push())
  const pulls = Array.from({ length: 5 }, () => add(new b.Pull()))
  await connected(scene, push, pulls)

  for (let sent = 0; sent < 10; sent++) await push.send(String(sent))

  for (const pull of pulls) {
    const [first, second] = [await text(pull), await text(pull)]
    expect(Number(second) - Number(first)).toBe(5)
  }
})

across('a PULL takes from every peer, whole and in order', over, async scene => {
  const { a, b, add } = scene
  const pull = add(new a.Pull())
  const pushes = Array.from({ length: 5 }, () => add(new b.Push()))
  await connected(scene, pull, pushes)
  for (const [name, push] of pushes.entries())
    for (let sent = 0; sent < 10; sent++) await push.send([String(name), String(sent)])

  const next = pushes.map(() => 0)
  for (let received = 0; received < 50; received++) {
    const [name = '', number] = await text(pull)
    expect(Number(number)).toBe(next[Number(name)])
    next[Number(name)] = Number(number) + 1
  }

  expect(next).toEqual([10, 10, 10, 10, 10])
})

each('a PULL that finds all its peers ready takes one of each', { over: ['inproc'] }, async scene => {
  const { a, add } = scene
  const pull = add(new a.Pull())
  const pushes = Array.from({ length: 3 }, () => add(new a.Push()))
  await connected(scene, pull, pushes)
  for (const [name, push] of pushes.entries()) for (let sent = 0; sent < 3; sent++) await push.send(String(name))

  const turns = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const turn of turns) for (let received = 0; received < 3; received++) turn.add((await text(pull))[0] ?? '')

  for (const turn of turns) expect(turn.size).toBe(3)
})

each('a PUSH without a peer takes nothing', over, async ({ a, add, bind }) => {
  const push = add(new a.Push())
  await bind(push)

  await refuses(push)
})

across('when a peer dies no part of a message goes to another', { over: ['tcp', 'ipc'] }, async scene => {
  const { a, b, add, bind } = scene
  const push = add(new a.Push({ sendHighWaterMark: 4 }))
  const endpoint = await bind(push)
  const part = Buffer.alloc(20_000)
  for (let life = 0; life < 4; life++) {
    const pull = new b.Pull({ receiveHighWaterMark: 2, receiveTimeout: 5_000, linger: 0 })
    pull.connect(endpoint)
    const arrived = pull.receive()
    let done = false
    void arrived.finally(() => (done = true))
    // What the dead peer's pipe still takes is lost with it; go on until the living one has heard.
    while (!done) {
      await fill(push, ['begin', part, 'end'], 30)
      await setImmediate()
    }

    const [begin, middle, end, ...rest] = await arrived
    pull.close()

    expect([begin?.toString(), middle?.length, end?.toString(), rest]).toEqual(['begin', 20_000, 'end', []])
  }
})

across(
  'messages that were queued for a peer that died are gone where it had connected',
  { over: ['inproc'] },
  async scene => {
    const { a, b, add, bind } = scene
    const push = add(new a.Push())
    const first = new b.Pull({ linger: 0 })
    const endpoint = await bind(push)
    first.connect(endpoint)
    await push.send('ABC')
    await push.send('DEF')

    first.close()
    const second = add(new b.Pull())
    second.connect(endpoint)
    await push.send('GHI')

    expect((await drain(second)).map(String)).toEqual(['GHI'])
  },
)

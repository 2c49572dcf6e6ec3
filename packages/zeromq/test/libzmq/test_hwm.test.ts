// libzmq: test_hwm
import { expect } from 'vitest'
import { each, fill, text, type Scene } from './kit.ts'

const inproc = { over: ['inproc'] } as const

each('over inproc the default marks of both sides add up to 2000 messages', inproc, async scene => {
  await expectRoom(scene, {}, {}, 2000)
})

for (const [send, receive] of [
  [0, 1000],
  [1000, 0],
  [0, 0],
] as const)
  each(`no mark on one side is no mark at all, ${send} + ${receive}`, inproc, async scene => {
    for (const first of ['bind', 'connect'] as const) {
      const { push } = await pair(scene, send, receive, first)
      expect(await fill(push, 'endless', 10_000)).toBe(10_000)
    }
  })

for (const [send, receive] of [
  [1, 1],
  [5, 2],
  [2, 5],
  [100, 7],
] as const)
  each(`finite marks add up whoever comes first, ${send} + ${receive}`, inproc, async scene => {
    await expectRoom(scene, { sendHighWaterMark: send }, { receiveHighWaterMark: receive }, send + receive)
    const late = await pair(scene, send, receive, 'connect')
    expect(await fill(late.push, 'more', 10_000)).toBe(send + receive)
  })

each('what a closed connecter had queued is delivered to who binds later', inproc, async ({ a, add }) => {
  const endpoint = `inproc://close-first-${Math.random()}`
  const push = new a.Push({ sendHighWaterMark: 5, sendTimeout: 0 })
  push.connect(endpoint)
  const taken = await fill(push, 'kept', 100)
  push.close()
  const pull = add(new a.Pull({ receiveHighWaterMark: 5 }))

  await pull.bind(endpoint)

  for (let received = 0; received < taken; received++) expect(await text(pull)).toEqual(['kept'])
  expect(taken).toBe(5)
})

each('what a closed binder was sent is gone, and what it sent is delivered', inproc, async ({ a, add, bind }) => {
  const push = new a.Push({ sendHighWaterMark: 3, sendTimeout: 0, linger: -1 })
  const pull = add(new a.Pull({ receiveHighWaterMark: 2 }))
  pull.connect(await bind(push))
  const taken = await fill(push, 'kept', 100)

  push.close()

  for (let received = 0; received < taken; received++) expect(await text(pull)).toEqual(['kept'])
  expect(taken).toBe(5)
})

async function expectRoom(scene: Scene, send: object, receive: object, room: number): Promise<void> {
  const pull = scene.add(new scene.a.Pull(receive))
  const push = scene.add(new scene.b.Push(send))
  push.connect(await scene.bind(pull))

  expect(await fill(push, 'x', 10_000)).toBe(room)
  for (let received = 0; received < room; received++) await pull.receive()

  await push.send('one more')
  expect(await text(pull)).toEqual(['one more'])
}

async function pair(
  scene: Scene,
  send: number,
  receive: number,
  first: 'bind' | 'connect',
): Promise<{ push: InstanceType<Scene['a']['Push']>; pull: InstanceType<Scene['a']['Pull']> }> {
  const endpoint = scene.fresh()
  const pull = scene.add(new scene.a.Pull({ receiveHighWaterMark: receive }))
  const push = scene.add(new scene.b.Push({ sendHighWaterMark: send }))
  if (first === 'bind') await pull.bind(endpoint)
  push.connect(endpoint)
  if (first === 'connect') await pull.bind(endpoint)
  return { push, pull }
}

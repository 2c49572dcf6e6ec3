// libzmq: test_xpub_verbose
import { expect } from 'vitest'
import { across, nothing, text, type Scene } from './kit.ts'
import type { Subscriber, XPublisher } from 'zeromq'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('with one subscriber only the first subscription of a topic is passed up', over, async scene => {
  const { pub, one } = await start(scene)

  one.subscribe('topic')
  expect(await text(pub)).toEqual(['\u0001topic'])
  one.subscribe('topic')
  one.subscribe('other')
  expect(await text(pub)).toEqual(['\u0001other'])
  pub.verbosity = 'allSubs'
  one.subscribe('topic')

  expect(await text(pub)).toEqual(['\u0001topic'])
})

across('with two subscribers the first of a topic is passed up, verbose or not', over, async scene => {
  const { pub, one, two } = await start(scene)

  one.subscribe('topic')
  expect(await text(pub)).toEqual(['\u0001topic'])
  two.subscribe('topic')
  two.subscribe('end')
  expect(await text(pub)).toEqual(['\u0001end'])
  pub.verbosity = 'allSubs'
  two.subscribe('topic')

  expect(await text(pub)).toEqual(['\u0001topic'])
})

across('very verbose passes every unsubscription up', over, async scene => {
  const { pub, one, two } = await start(scene)
  pub.verbosity = 'allSubsUnsubs'
  one.subscribe('topic')
  expect(await text(pub)).toEqual(['\u0001topic'])
  two.subscribe('topic')
  expect(await text(pub)).toEqual(['\u0001topic'])

  one.unsubscribe('topic')
  expect(await text(pub)).toEqual(['\u0000topic'])
  two.unsubscribe('topic')

  expect(await text(pub)).toEqual(['\u0000topic'])
})

across('without it only the last unsubscription is passed up', over, async scene => {
  const { pub, one, two } = await start(scene)
  one.subscribe('topic')
  expect(await text(pub)).toEqual(['\u0001topic'])
  two.subscribe('topic')
  two.subscribe('both')
  expect(await text(pub)).toEqual(['\u0001both'])

  one.unsubscribe('topic')
  await nothing(pub)
  two.unsubscribe('topic')

  expect(await text(pub)).toEqual(['\u0000topic'])
})

async function start(scene: Scene): Promise<{ pub: XPublisher; one: Subscriber; two: Subscriber }> {
  const { a, b, add, bind } = scene
  const pub = add(new a.XPublisher())
  const one = add(new b.Subscriber())
  const two = add(new b.Subscriber())
  const endpoint = await bind(pub)
  one.connect(endpoint)
  two.connect(endpoint)
  return { pub, one, two }
}

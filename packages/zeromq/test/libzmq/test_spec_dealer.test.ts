// libzmq: test_spec_dealer (RFC 28)
import { expect } from 'vitest'
import { across, connected, each, refuses, text } from './kit.ts'

const over = { over: ['tcp', 'ipc', 'inproc'] } as const

across('a DEALER asks its peers in turn', over, async scene => {
  const { a, b, add } = scene
  const dealer = add(new a.Dealer())
  const reps = [add(new b.Reply()), add(new b.Reply()), add(new b.Reply())]
  await connected(scene, dealer, reps)

  for (let sent = 0; sent < 6; sent++) await dealer.send(['', `ABC${sent}`])

  const heard: string[] = []
  for (const rep of reps)
    for (let turn = 0; turn < 2; turn++) {
      heard.push(...(await text(rep)))
      await rep.send('DEF')
    }
  expect(heard.sort()).toEqual(['ABC0', 'ABC1', 'ABC2', 'ABC3', 'ABC4', 'ABC5'])
  for (let reply = 0; reply < 6; reply++) expect(await text(dealer)).toEqual(['', 'DEF'])
})

across('a DEALER takes from every peer in turn', over, async scene => {
  const { a, b, add } = scene
  const dealer = add(new a.Dealer())
  const peers = ['A', 'B', 'C'].map(name => ({ name, socket: add(new b.Dealer()) }))
  await connected(
    scene,
    dealer,
    peers.map(({ socket }) => socket),
  )
  for (const { name, socket } of peers) for (let sent = 0; sent < 4; sent++) await socket.send(name)

  const order: string[] = []
  for (let received = 0; received < 12; received++) order.push(...(await text(dealer)))

  expect(order.sort()).toEqual('AAAABBBBCCCC'.split(''))
})

each('a DEALER without a peer takes nothing', over, async ({ a, add, bind }) => {
  const dealer = add(new a.Dealer())
  await bind(dealer)

  await refuses(dealer)
})

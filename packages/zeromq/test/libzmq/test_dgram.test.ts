// libzmq: test_dgram
import { createSocket } from 'node:dgram'
import { expect } from 'vitest'
import { across, each } from './kit.ts'

each('a DGRAM cannot connect', async ({ a, add }) => {
  const socket = add(new a.Datagram())

  expect(() => socket.connect(`udp://127.0.0.1:5556`)).toThrow(expect.objectContaining({ code: 'ENOCOMPATPROTO' }))
})

across('two DGRAMs exchange an address and a body', async ({ a, b, add }) => {
  const listener = add(new a.Datagram())
  const sender = add(new b.Datagram())
  const here = await freeUdpPort()
  const there = await freeUdpPort()
  await listener.bind(`udp://*:${here}`)
  await sender.bind(`udp://*:${there}`)

  await sender.send([`127.0.0.1:${here}`, 'Is someone there ?'])
  const [from, question] = await listener.receive()
  expect(question.toString()).toBe('Is someone there ?')
  expect(from.toString().replaceAll('\0', '')).toBe(`127.0.0.1:${there}`)
  await listener.send([from, 'Yes, there is !'])

  expect((await sender.receive())[1].toString()).toBe('Yes, there is !')
})

async function freeUdpPort(): Promise<number> {
  const probe = createSocket('udp4')
  await new Promise<void>(resolve => probe.bind(0, resolve))
  const { port } = probe.address()
  await new Promise<void>(resolve => probe.close(() => resolve()))
  return port
}

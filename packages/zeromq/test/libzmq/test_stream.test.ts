// libzmq: test_stream
import { expect } from 'vitest'
import { across, text } from './kit.ts'

across('a STREAM speaks ZMTP to a DEALER, octet by octet', async ({ a, b, add, bind }) => {
  const stream = add(new a.Stream())
  const dealer = add(new b.Dealer())
  dealer.connect(await bind(stream))
  const [id, empty] = await stream.receive()
  expect([id.length, empty.length]).toEqual([5, 0])
  let held = Buffer.alloc(0)
  const read = async (size: number): Promise<Buffer> => {
    while (held.length < size) {
      const [from, chunk] = await stream.receive()
      expect(from).toEqual(id)
      held = Buffer.concat([held, chunk])
    }
    const taken = held.subarray(0, size)
    held = held.subarray(size)
    return taken
  }

  const mine = Buffer.alloc(64)
  mine.write('ff00000000000000017f03014e554c4c', 'hex')
  await stream.send([id, mine])
  const theirs = await read(64)
  expect([theirs[0], theirs[9], theirs[10], theirs.subarray(12, 32).toString()]).toEqual([
    0xff,
    0x7f,
    3,
    'NULL'.padEnd(20, '\0'),
  ])
  await stream.send([id, Buffer.from('041c055245414459' + '0b536f636b65742d5479706500000006' + '524f55544552', 'hex')])
  const [, size = 0] = await read(2)
  const announced = (await read(size)).toString('latin1')
  expect(announced.startsWith('\u0005READY')).toBe(true)
  expect(announced).toContain('\u000bSocket-Type\0\0\0\u0006DEALER')
  expect(announced).toContain('\u0008Identity\0\0\0\0')

  await dealer.send('Hello')
  expect(await read(7)).toEqual(Buffer.from('\0\u0005Hello'))
  await stream.send([id, Buffer.from('\0\u0005World')])
  expect(await text(dealer)).toEqual(['World'])
})

across('two STREAMs exchange octets', async ({ a, b, add, bind }) => {
  const server = add(new a.Stream())
  const client = add(new b.Stream())
  client.connect(await bind(server))
  const [serverSees, opened] = await server.receive()
  const [clientSees] = await client.receive()
  expect(opened.length).toBe(0)

  await client.send([clientSees, 'ping'])
  const [from, question] = await server.receive()
  expect([from, question.toString()]).toEqual([serverSees, 'ping'])
  await server.send([serverSees, 'pong'])

  const [back, answer] = await client.receive()
  expect([back, answer.toString()]).toEqual([clientSees, 'pong'])
})

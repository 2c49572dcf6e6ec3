import { expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

const SIZE = 300_000

test.each([
  ['PUSH', 'PULL', () => new zmq.Push({ conflate: true, linger: 0 }), () => new zmq.Pull({ conflate: true })],
  ['PUB', 'SUB', () => new zmq.Publisher({ conflate: true, linger: 0 }), () => new zmq.Subscriber({ conflate: true })],
])('what a conflating %s sends in parts comes whole to a %s, and so does the newest', async (_, __, out, into) => {
  const sender = out()
  const receiver = into()
  await sender.bind('tcp://127.0.0.1:*')
  if (receiver instanceof zmq.Subscriber) receiver.subscribe('')
  receiver.connect(sender.lastEndpoint!)
  const body = Buffer.alloc(SIZE)
  let sent = 0
  let newest = -1
  const sending = (async () => {
    // A publisher sends to nobody before its subscriber is there.
    for (let left = 300; left > 0; left -= newest < 0 ? 0 : 1) {
      await sender.send([`begin ${sent}`, body, 'middle', body, `end ${sent++}`])
      await new Promise(resolve => setImmediate(resolve))
    }
    await sender.send('the end')
  })()

  for (;;) {
    const [begin, first, middle, second, end, ...more] = await receiver.receive()
    if (String(begin) === 'the end') break
    newest = Number(String(begin).slice('begin '.length))
    const sizes = [first?.length, second?.length]
    expect([sizes, String(middle), String(end), more]).toEqual([[SIZE, SIZE], 'middle', `end ${newest}`, []])
  }

  await sending
  sender.close()
  receiver.close()
})

test('a conflating receiver has the newest of what came in one piece, whatever its mark', async () => {
  const pull = new zmq.Pull({ conflate: true, receiveHighWaterMark: 1 })
  await pull.bind('tcp://127.0.0.1:*')
  const push = new zmq.Push()
  push.connect(pull.lastEndpoint!)
  await push.sendMany(Array.from({ length: 100 }, (_, i) => String(i)))

  const seen: number[] = []
  while (seen.at(-1) !== 99) seen.push(Number((await pull.receive())[0]))

  expect(seen.length).toBeLessThan(50)
  push.close()
  pull.close()
})

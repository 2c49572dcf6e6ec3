import { afterEach, expect, test } from 'vitest'
import * as zmq from '../src/index.ts'
import {
  authenticate,
  droppedMessages,
  getOption,
  QueuedSender,
  setOption,
  terminate,
  type Candidate,
} from '../src/extra.ts'

const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

function add<S extends zmq.Socket>(socket: S): S {
  sockets.push(socket)
  return socket
}

test('a queued sender takes sends while one waits, in order, up to its bound', async () => {
  const push = add(new zmq.Push({ sendHighWaterMark: 1 }))
  await push.bind('inproc://queued')
  const sender = new QueuedSender(push, { max: 2 })
  const sent = ['1', '2', '3'].map(text => sender.send(text))
  expect(sender.length).toBe(2)
  await expect(sender.send('4')).rejects.toMatchObject({ code: 'EAGAIN' })

  const pull = add(new zmq.Pull())
  pull.connect('inproc://queued')
  const got = [await pull.receive(), await pull.receive(), await pull.receive()]
  await Promise.all(sent)

  expect(got.map(String)).toEqual(['1', '2', '3'])
})

test('what waits in a queued sender fails when its socket is closed', async () => {
  const push = new zmq.Push()
  const sender = new QueuedSender(push, { max: 5 })
  const sent = [sender.send('1'), sender.send('2')]
  const outcomes = Promise.allSettled(sent)

  push.close()

  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('options without a property are set by name, and checked', () => {
  const router = add(new zmq.Router())

  setOption(router, 'routerNotify', 3)

  expect(getOption(router, 'routerNotify')).toBe(3)
  expect(() => setOption(router, 'routerNotify', 9)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  expect(() => setOption(router, 'conflate', 'x')).toThrow(expect.objectContaining({ code: 'EINVAL' }))
})

test('a callback decides who is let in', async () => {
  const context = new zmq.Context()
  const seen: Candidate[] = []
  authenticate(context, candidate => {
    seen.push(candidate)
    return { status: String(candidate.credentials[1]) === 'right' ? 200 : 400, userId: 'anne' }
  })
  const pull = add(new zmq.Pull({ context, plainServer: true, zapDomain: 'here' }))
  await pull.bind('tcp://127.0.0.1:*')
  const wrong = add(new zmq.Push({ plainUsername: 'anne', plainPassword: 'wrong', linger: 0 }))
  const refused = new Promise<number>(resolve =>
    wrong.events.on('handshake:error:auth', ({ error }) => resolve(error.status)),
  )
  wrong.connect(pull.lastEndpoint!)
  expect(await refused).toBe(400)

  const right = add(new zmq.Push({ plainUsername: 'anne', plainPassword: 'right' }))
  right.connect(pull.lastEndpoint!)
  await right.send('hello')

  expect(String(await pull.receive())).toBe('hello')
  expect(seen.at(-1)).toMatchObject({ domain: 'here', mechanism: 'PLAIN', address: '127.0.0.1' })
})

test('a socket that lingered in vain tells how many messages it dropped', async () => {
  const push = new zmq.Push({ linger: 0 })
  push.connect('tcp://127.0.0.1:9')
  for (const text of ['1', '2', '3']) await push.send(text)

  push.close()

  expect(droppedMessages(push)).toBe(3)
})

test('sendMany sends messages of every kind in order, through marks that are reached again and again', async () => {
  const push = new zmq.Push({ sendHighWaterMark: 7 })
  const pull = new zmq.Pull({ receiveHighWaterMark: 7, receiveTimeout: 5000 })
  await push.bind('tcp://127.0.0.1:*')
  pull.connect(push.lastEndpoint!)
  const kinds = (i: number): (zmq.MessageLike | zmq.MessageLike[])[] => [
    Buffer.from(`${i}`),
    `${i}`,
    i,
    [Buffer.from(`${i}`), 'more'],
    Buffer.from(`${i}`),
    Buffer.from(`${i}`),
  ]
  const messages = Array.from({ length: 6000 }, (_, i) => kinds(i)[i % 6]!)

  const sending = push.sendMany(messages)
  const got: string[][] = []
  while (got.length < messages.length) got.push((await pull.receive()).map(String))
  await sending

  expect(got).toEqual(messages.map((_, i) => (i % 6 === 3 ? [`${i}`, 'more'] : [`${i}`])))
  push.close()
  pull.close()
})

test('a socket whose options are refused leaves nothing behind that a context would wait for', async () => {
  const context = new zmq.Context({ maxSockets: 1 })
  expect(() => new zmq.Push({ context, sendHighWaterMark: -1 })).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  expect(() => new zmq.Push({ context, misspelt: 1 } as object)).toThrow(TypeError)

  new zmq.Push({ context }).close()

  await terminate(context)
})

test('what was sent to a name of inproc that nobody has bound counts as dropped', async () => {
  const push = add(new zmq.Push({ linger: 0 }))
  push.connect('inproc://nobody-binds-this')
  await push.sendMany(['1', '2', '3'])

  push.close()

  expect(droppedMessages(push)).toBe(3)
})

import { afterEach, expect, test } from 'vitest'
import * as zmq from '../../src/index.ts'

const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

test('a socket that is bound to two names of inproc loses with each what came in there, and nothing else', async () => {
  const pull = new zmq.Pull()
  const [first, second] = [new zmq.Push({ sendTimeout: 0 }), new zmq.Push({ sendTimeout: 0 })]
  sockets.push(pull, first, second)
  await pull.bind('inproc://two-names-1')
  await pull.bind('inproc://two-names-2')
  first.connect('inproc://two-names-1')
  second.connect('inproc://two-names-2')

  await pull.unbind('inproc://two-names-1')

  await expect(first.send('to nobody')).rejects.toMatchObject({ code: 'EAGAIN' })
  await second.send('still here')
  expect(String(await pull.receive())).toBe('still here')
})

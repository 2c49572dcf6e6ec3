import { createRequire } from 'node:module'
import { afterEach, describe, expect, test } from 'vitest'
import * as ours from '../../src/index.ts'

const native = createRequire(import.meta.url)('zeromq') as typeof ours

const sockets: ours.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

async function talk(zmq: typeof ours): Promise<[ours.Request, ours.Reply]> {
  const reply = new zmq.Reply({ linger: 0, sendTimeout: 20, receiveTimeout: 20 })
  const request = new zmq.Request({ linger: 0, sendTimeout: 20, receiveTimeout: 20 })
  sockets.push(reply, request)
  await reply.bind('tcp://127.0.0.1:*')
  request.connect(reply.lastEndpoint!)
  return [request, reply]
}

describe('what waits until its time is over ends as with the zeromq package:', () => {
  const CASES: Readonly<Record<string, (zmq: typeof ours) => Promise<unknown>>> = {
    'a second request without a reply': async zmq => {
      const [request] = await talk(zmq)
      await request.send('first')
      await request.send('second')
    },
    'a reply before a request': async zmq => (await talk(zmq))[0].receive(),
    'a reply that nobody asked for': async zmq => (await talk(zmq))[1].send('x'),
    'a request that does not come': async zmq => (await talk(zmq))[1].receive(),
    'a message for no peer': async zmq => {
      const push = new zmq.Push({ sendTimeout: 20 })
      sockets.push(push)
      await push.bind('tcp://127.0.0.1:*')
      await push.send('x')
    },
  }
  for (const [title, run] of Object.entries(CASES)) {
    test(title, async () => {
      const [mine, theirs] = await Promise.allSettled([run(ours), run(native)])

      expect(mine).toMatchObject({ status: 'rejected', reason: { code: expect.stringMatching(/^E/) as string } })
      expect((mine as PromiseRejectedResult).reason.code).toBe((theirs as PromiseRejectedResult).reason.code)
    })
  }
})

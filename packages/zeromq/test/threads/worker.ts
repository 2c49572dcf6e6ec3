// The other thread of inproc-threads.test.ts: does what `workerData.work` says.
import { parentPort, workerData } from 'node:worker_threads'
import * as zmq from '../../src/index.ts'

const { work, address } = workerData as { work: string; address: string }

const WORKS: Readonly<Record<string, () => Promise<void>>> = {
  async push() {
    const push = new zmq.Push()
    push.connect(address)
    for (let i = 0; i < 10_000; i++) await push.send([String(i), 'body'])
    push.close()
  },
  async reply() {
    const reply = new zmq.Reply()
    await reply.bind(address)
    parentPort?.postMessage('bound')
    for await (const frames of reply) await reply.send([...frames, 'from the worker'])
  },
  async rival() {
    const reply = new zmq.Reply()
    reply.events.on('bind:error', ({ error, address: where }) => parentPort?.postMessage([error.code, where]))
    reply.bindSync(address)
    parentPort?.once('message', () => reply.close())
  },
  async try() {
    const reply = new zmq.Reply()
    parentPort?.once('message', () => {
      reply.bind(address).then(
        () => parentPort?.postMessage('bound'),
        (error: { code?: unknown }) => parentPort?.postMessage(error.code),
      )
    })
    parentPort?.postMessage('ready')
  },
  async authenticate() {
    const handler = new zmq.Reply()
    await handler.bind(address)
    parentPort?.postMessage('bound')
    for await (const [version, id, , , , , user] of handler) {
      await handler.send([version!, id!, String(user) === 'anne' ? '200' : '400', '', String(user), ''])
    }
  },
  async publish() {
    const publisher = new zmq.XPublisher()
    await publisher.bind(address)
    const [topic] = await publisher.receive()
    await publisher.send([topic!.subarray(1), Buffer.alloc(1 << 20, 7)])
    await publisher.receive()
    publisher.close()
  },
  async wait() {
    const pair = new zmq.Pair()
    pair.connect(address)
    await pair.send('here')
    await pair.receive()
  },
}

await WORKS[work]!()

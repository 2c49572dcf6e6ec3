// Chapter 3: a broker that gives each request to the worker that has been free the longest.
import { Request, Router } from 'zeromq'

const front = new Router()
const back = new Router()
await front.bind('tcp://127.0.0.1:*')
await back.bind('tcp://127.0.0.1:*')
const free: Buffer[] = []
const waiting: Buffer[][] = []

async function match(): Promise<void> {
  while (free.length > 0 && waiting.length > 0) {
    const [worker, request] = [free.shift(), waiting.shift()]
    if (worker !== undefined && request !== undefined) await back.send([worker, '', ...request])
  }
}
void (async () => {
  for await (const [client = Buffer.alloc(0), empty = Buffer.alloc(0), body = Buffer.alloc(0)] of front) {
    waiting.push([client, empty, body])
    await match()
  }
})()
void (async () => {
  for await (const [worker = Buffer.alloc(0), , ...reply] of back) {
    free.push(worker)
    if (reply.length === 3) await front.send(reply)
    await match()
  }
})()

const workers = Array.from({ length: 3 }, () => new Request())
for (const worker of workers) {
  worker.connect(back.lastEndpoint ?? '')
  void (async () => {
    await worker.send('READY')
    for (;;) {
      const [client = '', empty = '', body = ''] = await worker.receive()
      await worker.send([client, empty, `${body}!`])
    }
  })().catch(() => {})
}

const clients = Array.from({ length: 10 }, async (_, at) => {
  const client = new Request()
  client.connect(front.lastEndpoint ?? '')
  await client.send(`hello from client ${at}`)
  const [answer] = await client.receive()
  client.close()
  return String(answer)
})
for (const answer of await Promise.all(clients)) console.log(answer)
for (const socket of [front, back, ...workers]) socket.close()

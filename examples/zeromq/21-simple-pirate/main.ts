// Chapter 4: clients that ask again, and a queue of workers that say when they are free (Simple Pirate).
import { Request, Router } from 'zeromq'

const front = new Router()
const back = new Router()
await front.bind('tcp://127.0.0.1:*')
await back.bind('tcp://127.0.0.1:*')
const free: Buffer[] = []
const waiting: Buffer[][] = []
async function match(): Promise<void> {
  while (free.length > 0 && waiting.length > 0) {
    const worker = free.shift() ?? Buffer.alloc(0)
    await back.send([worker, '', ...(waiting.shift() ?? [])])
  }
}
void (async () => {
  for await (const request of front) {
    waiting.push(request)
    await match()
  }
})()
void (async () => {
  for await (const [worker = Buffer.alloc(0), , ...reply] of back) {
    free.push(worker)
    if (reply.length > 1) await front.send(reply)
    await match()
  }
})()

async function worker(crashesAt: number): Promise<void> {
  const socket = new Request({ linger: 0 })
  socket.connect(back.lastEndpoint ?? '')
  await socket.send('READY')
  for (let served = 0; ; served++) {
    const [client = '', empty = '', body = ''] = await socket.receive()
    if (served === crashesAt) return socket.close()
    await socket.send([client, empty, `${body} served`])
  }
}
const crash = worker(1)
let tries = 0
async function ask(question: string): Promise<string> {
  for (;;) {
    const client = new Request({ receiveTimeout: 200, linger: 0 })
    client.connect(front.lastEndpoint ?? '')
    tries++
    await client.send(question)
    const answer = await client.receive().catch(() => undefined)
    client.close()
    if (answer !== undefined) return String(answer[0])
  }
}

console.log(await ask('first'))
const second = ask('second')
await crash
console.log('the only worker has crashed; another one comes')
void worker(Infinity).catch(() => {})
console.log(await second)
console.log(`${tries > 2 ? 'more than two' : tries} tries for two answers`)
front.close()
back.close()
process.exit()

// Chapter 3: a broker without free workers passes its tasks to another broker (ROUTER to ROUTER, by name).
import { Dealer, Request, Router } from 'zeromq'

const busy = { clients: new Router(), cloud: new Router({ routingId: 'BUSY', mandatory: true }) }
const idle = { workers: new Dealer(), cloud: new Router({ routingId: 'IDLE' }) }
await busy.clients.bind('tcp://127.0.0.1:*')
await idle.cloud.bind('tcp://127.0.0.1:*')
await idle.workers.bind('inproc://idle-workers')
busy.cloud.connect(idle.cloud.lastEndpoint ?? '', { routingId: 'IDLE' })

void (async () => {
  for await (const request of busy.clients) await busy.cloud.send(['IDLE', ...request])
})()
void (async () => {
  for await (const [, ...reply] of busy.cloud) await busy.clients.send(reply)
})()
void (async () => {
  for await (const task of idle.cloud) await idle.workers.send(task)
})()
void (async () => {
  for await (const result of idle.workers) await idle.cloud.send(result)
})()
const worker = new Dealer()
worker.connect('inproc://idle-workers')
void (async () => {
  for await (const frames of worker) {
    const task = frames.pop()
    await worker.send([...frames, `${task} done by a worker of another cluster`])
  }
})()

const client = new Request()
client.connect(busy.clients.lastEndpoint ?? '')
for (const task of ['first', 'second']) {
  await client.send(task)
  console.log(String((await client.receive())[0]))
}
for (const socket of [busy.clients, busy.cloud, idle.workers, idle.cloud, worker, client]) socket.close()

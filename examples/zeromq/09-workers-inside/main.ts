// Chapter 2: a server whose workers sit in the same process, behind inproc.
import { Dealer, Reply, Request, Router } from 'zeromq'

const clients = new Router()
const workers = new Dealer()
await clients.bind('tcp://127.0.0.1:*')
await workers.bind('inproc://workers')
void (async () => {
  for await (const request of clients) await workers.send(request)
})()
void (async () => {
  for await (const reply of workers) await clients.send(reply)
})()
const pool = Array.from({ length: 4 }, () => new Reply())
for (const worker of pool) {
  worker.connect('inproc://workers')
  void (async () => {
    for await (const [text] of worker) await worker.send(Array.from(String(text)).reverse().join(''))
  })()
}

const asked = ['stressed', 'drawer', 'live', 'mill']
const asking = asked.map(async word => {
  const client = new Request()
  client.connect(clients.lastEndpoint ?? '')
  await client.send(word)
  const [answer] = await client.receive()
  client.close()
  return `${word} → ${answer}`
})
for (const line of await Promise.all(asking)) console.log(line)
for (const socket of [clients, workers, ...pool]) socket.close()

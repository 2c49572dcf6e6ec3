// Chapter 4: queue and worker send each other heartbeats, and each notices when the other is gone (Paranoid Pirate).
import { Dealer, Router } from 'zeromq'

const interval = 40
const liveness = 4
const queue = new Router()
await queue.bind('tcp://127.0.0.1:*')
const workers = new Map<string, number>()
const changes: string[] = []
void (async () => {
  for await (const [name, what] of queue) {
    if (!workers.has(String(name))) changes.push(`${name} is here`)
    workers.set(String(name), Date.now() + interval * liveness)
    if (String(what) === 'PING') await queue.send([name ?? '', 'PONG'])
  }
})()
const expiring = setInterval(() => {
  for (const [name, expires] of workers)
    if (Date.now() > expires) {
      workers.delete(name)
      changes.push(`${name} is gone`)
    }
}, interval)

async function worker(name: string, beats: number): Promise<void> {
  const socket = new Dealer({ routingId: name, linger: 0, receiveTimeout: interval * liveness })
  socket.connect(queue.lastEndpoint ?? '')
  for (let beat = 0; beat < beats; beat++) {
    await socket.send(beat === 0 ? 'READY' : 'PING')
    if (beat > 0) await socket.receive()
    await new Promise(resolve => setTimeout(resolve, interval))
  }
  // It falls silent, but does not say goodbye.
  await new Promise(resolve => setTimeout(resolve, interval * liveness * 2))
  socket.close()
}

await worker('W1', 5)
await worker('W2', 3)
clearInterval(expiring)
for (const change of changes) console.log(change)
queue.close()

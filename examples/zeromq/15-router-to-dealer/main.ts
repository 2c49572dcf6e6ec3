// Chapter 3: a ROUTER deals tasks to DEALERs by name, two to one and one to the other.
import { Dealer, Router } from 'zeromq'

const router = new Router({ mandatory: true })
await router.bind('tcp://127.0.0.1:*')

async function worker(routingId: string): Promise<string> {
  const socket = new Dealer({ routingId })
  socket.connect(router.lastEndpoint ?? '')
  await socket.send('here')
  let done = 0
  for await (const [task] of socket) {
    if (String(task) === 'END') break
    done++
  }
  socket.close()
  return `${routingId} did ${done}`
}

const workers = ['A', 'B'].map(worker)
for (let here = 0; here < workers.length; here++) await router.receive()
for (let task = 0; task < 9; task++) await router.send([task % 3 < 2 ? 'A' : 'B', 'this is the workload'])
for (const name of ['A', 'B']) await router.send([name, 'END'])
for (const line of await Promise.all(workers)) console.log(line)
router.close()

// Chapter 3: workers ask for work when they are free, and a ROUTER answers the one that asked.
import { Request, Router } from 'zeromq'

const broker = new Router()
await broker.bind('tcp://127.0.0.1:*')

async function worker(): Promise<number> {
  const socket = new Request()
  socket.connect(broker.lastEndpoint ?? '')
  for (let done = 0; ; done++) {
    await socket.send('ready')
    const [order] = await socket.receive()
    if (String(order) === 'fired') {
      socket.close()
      return done
    }
  }
}

const workers = Array.from({ length: 4 }, worker)
for (let task = 0; task < 40; task++) {
  const [who, empty] = await broker.receive()
  await broker.send([who ?? '', empty ?? '', 'work harder'])
}
for (let left = workers.length; left > 0; left--) {
  const [who, empty] = await broker.receive()
  await broker.send([who ?? '', empty ?? '', 'fired'])
}
const done = await Promise.all(workers)
console.log(`${done.length} workers did ${done.reduce((sum, one) => sum + one)} tasks`)
broker.close()

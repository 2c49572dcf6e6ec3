// Chapter 4: no broker; three ways for a client to find one of several servers that is alive (Freelance).
import { Dealer, Reply, Request, Router } from 'zeromq'

async function server(name: string): Promise<{ endpoint: string; stop: () => void }> {
  const socket = new Reply()
  await socket.bind('tcp://127.0.0.1:*')
  void (async () => {
    for await (const frames of socket) await socket.send([...frames, `from ${name}`])
  })()
  return { endpoint: socket.lastEndpoint ?? '', stop: () => socket.close() }
}
const alive = await server('the living one')
const dead = await server('the dead one')
dead.stop()

// One: ask each in turn.
for (const { endpoint } of [dead, alive]) {
  const client = new Request({ receiveTimeout: 100, linger: 0 })
  client.connect(endpoint)
  await client.send('in turn')
  const answer = await client.receive().catch(() => undefined)
  client.close()
  console.log(answer === undefined ? 'in turn: no answer' : answer.join(' '))
}

// Two: ask all, and take the first answer that bears the number of the question.
const flood = new Dealer({ linger: 0 })
for (const { endpoint } of [dead, alive]) flood.connect(endpoint)
for (const number of ['1', '2']) {
  for (let copy = 0; copy < 2; copy++) await flood.send(['', number, 'all at once'])
  console.log((await flood.receive()).slice(1).join(' '))
}
flood.close()

// Three: speak to each by name, and keep track of who answers.
const router = new Router({ linger: 0 })
const other = new Router({ routingId: 'the named one' })
await other.bind('tcp://127.0.0.1:*')
void (async () => {
  for await (const [from = '', ...frames] of other) await other.send([from, ...frames, 'PONG'])
})()
router.connect(other.lastEndpoint ?? '', { routingId: 'the named one' })
await router.send(['the named one', 'PING'])
console.log((await router.receive()).join(' '))
router.close()
other.close()
alive.stop()

// Chapter 4: a primary and a backup server; the backup takes over when the primary is silent and clients ask (Binary Star).
import { Reply, Request, Subscriber, XPublisher } from 'zeromq'

interface Half {
  readonly name: string
  readonly state: XPublisher
  readonly peer: Subscriber
  readonly clients: Reply
  active: boolean
  heard: number
}
async function half(name: string, active: boolean): Promise<Half> {
  const one: Half = { name, state: new XPublisher(), peer: new Subscriber(), clients: new Reply(), active, heard: 0 }
  await one.state.bind('tcp://127.0.0.1:*')
  await one.clients.bind('tcp://127.0.0.1:*')
  one.peer.subscribe('')
  return one
}
const primary = await half('primary', true)
const backup = await half('backup', false)
primary.peer.connect(backup.state.lastEndpoint ?? '')
backup.peer.connect(primary.state.lastEndpoint ?? '')
await primary.state.receive()
await backup.state.receive()

function run(one: Half): () => void {
  const beating = setInterval(() => void one.state.send(one.active ? 'ACTIVE' : 'PASSIVE').catch(() => {}), 20)
  void (async () => {
    for await (const _ of one.peer) one.heard = Date.now()
  })()
  void (async () => {
    for await (const [request] of one.clients) {
      // A client's vote counts only where the other half has been silent for a while.
      if (!one.active && Date.now() - one.heard > 150) one.active = true
      await one.clients.send(one.active ? `${one.name} answers ${request}` : 'not me')
    }
  })()
  return () => {
    clearInterval(beating)
    for (const socket of [one.state, one.peer, one.clients]) socket.close()
  }
}
const stops = [run(primary), run(backup)]

async function ask(request: string): Promise<string> {
  for (;;)
    for (const { clients } of [primary, backup]) {
      const client = new Request({ receiveTimeout: 60, linger: 0 })
      client.connect(endpoints.get(clients) ?? '')
      await client.send(request)
      const [answer] = await client.receive().catch(() => ['not me'])
      client.close()
      if (String(answer) !== 'not me') return String(answer)
    }
}
const endpoints = new Map([primary, backup].map(({ clients }) => [clients, clients.lastEndpoint ?? '']))
console.log(await ask('first'))
stops[0]?.()
console.log('the primary is gone')
console.log(await ask('second'))
stops[1]?.()

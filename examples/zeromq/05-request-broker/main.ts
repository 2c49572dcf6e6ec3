// Chapter 2: a broker of ROUTER and DEALER between clients and services that do not know each other.
import { Dealer, Reply, Request, Router } from 'zeromq'

const front = new Router()
const back = new Dealer()
await front.bind('tcp://127.0.0.1:*')
await back.bind('tcp://127.0.0.1:*')
void (async () => {
  for await (const request of front) await back.send(request)
})()
void (async () => {
  for await (const reply of back) await front.send(reply)
})()

const service = new Reply()
service.connect(back.lastEndpoint ?? '')
void (async () => {
  for await (const [text] of service) await service.send(String(text).toUpperCase())
})()

const clients = [new Request(), new Request()]
const answers = await Promise.all(
  clients.map(async (client, at) => {
    client.connect(front.lastEndpoint ?? '')
    await client.send(`request of client ${at}`)
    return String((await client.receive())[0])
  }),
)
for (const answer of answers) console.log(answer)
for (const socket of [front, back, service, ...clients]) socket.close()

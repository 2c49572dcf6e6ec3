// Chapter 3: clients send many requests without waiting, the server answers each more than once (DEALER and ROUTER).
import { Dealer, Router } from 'zeromq'

const server = new Router()
await server.bind('tcp://127.0.0.1:*')
void (async () => {
  for await (const [client = '', request = ''] of server) {
    await server.send([client, `${request}: taken`])
    await server.send([client, `${request}: done`])
  }
})()

async function client(name: string): Promise<string[]> {
  const socket = new Dealer({ routingId: name })
  socket.connect(server.lastEndpoint ?? '')
  for (let request = 1; request <= 3; request++) await socket.send(`request ${request}`)
  const answers: string[] = []
  while (answers.length < 6) answers.push(`${name} ${(await socket.receive())[0]}`)
  socket.close()
  return answers
}

const answers = await Promise.all(['ann', 'bob'].map(client))
for (const answer of answers.flat()) console.log(answer)
server.close()

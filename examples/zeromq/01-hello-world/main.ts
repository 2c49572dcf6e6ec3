// Chapter 1: a client asks, a server answers (REQ and REP).
import { Reply, Request } from 'zeromq'

const server = new Reply()
await server.bind('tcp://127.0.0.1:*')

async function serve(): Promise<void> {
  for await (const [name] of server) await server.send(`Hello, ${name}`)
}

async function ask(): Promise<void> {
  const client = new Request()
  client.connect(server.lastEndpoint ?? '')
  for (const name of ['world', 'mill', 'race']) {
    await client.send(name)
    const [answer] = await client.receive()
    console.log(`${name}: ${answer}`)
  }
  client.close()
  server.close()
}

await Promise.all([serve(), ask()])

// Chapter 4: a client that gives up on a silent server, closes its socket and asks again (Lazy Pirate).
import { Reply, Request } from 'zeromq'

const server = new Reply()
await server.bind('tcp://127.0.0.1:*')
const endpoint = server.lastEndpoint ?? ''
void (async () => {
  let asked = 0
  for await (const [question] of server) {
    // The first question takes too long: its answer comes when nobody waits for it any more.
    if (asked++ === 0) await new Promise(resolve => setTimeout(resolve, 600))
    await server.send(`answer to ${question}`)
  }
})()

async function ask(question: string, tries: number): Promise<string> {
  for (let left = tries; left > 0; left--) {
    const client = new Request({ receiveTimeout: 400, linger: 0 })
    client.connect(endpoint)
    await client.send(question)
    try {
      return String((await client.receive())[0])
    } catch {
      console.log(`no answer to ${question}, ${left - 1} tries left`)
    } finally {
      client.close()
    }
  }
  return 'gave up'
}

console.log(await ask('one', 5).then(answer => (answer.endsWith('one') ? answer : 'lost')))
console.log(await ask('two', 3))
server.close()

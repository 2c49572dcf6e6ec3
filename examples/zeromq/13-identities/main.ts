// Chapter 3: what a ROUTER sees of its peers, those with a name and those without.
import { Dealer, Request, Router } from 'zeromq'

const router = new Router()
await router.bind('inproc://identities')

const anonymous = new Request()
anonymous.connect('inproc://identities')
await anonymous.send('who am I?')
const [made = Buffer.alloc(0), empty, question] = await router.receive()
console.log(
  `a name of ${made.length} octets that starts with ${made[0]}, then ${empty?.length} octets, then: ${question}`,
)

const named = new Dealer({ routingId: 'PEER2' })
named.connect('inproc://identities')
await named.send('and I?')
const [name, text] = await router.receive()
console.log(`${name} says: ${text}`)
await router.send(['PEER2', 'PEER2, of course'])
console.log(String((await named.receive())[0]))
for (const socket of [router, anonymous, named]) socket.close()

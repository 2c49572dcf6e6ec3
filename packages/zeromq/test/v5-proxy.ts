// A process of its own for one of the two packages, `node v5-proxy.ts ours|native`: a request and its reply through a proxy of
// version 5, which cannot be ended. Tells the other process what came.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import * as ours from '../src/v5-compat.ts'

const zmq = process.argv[2] === 'native' ? (createRequire(import.meta.url)('zeromq/v5-compat') as typeof ours) : ours

const bound = async (socket: ours.Socket): Promise<string> => {
  await new Promise<void>((resolve, reject) =>
    socket.bind('tcp://127.0.0.1:*', error => (error ? reject(error) : resolve())),
  )
  return socket.last_endpoint! // it is bound
}

const [router, dealer, capture, seen] = [
  zmq.socket('router'),
  zmq.socket('dealer'),
  zmq.socket('push'),
  zmq.socket('pull'),
]
capture.connect(await bound(seen))
const [front, back] = [await bound(router), await bound(dealer)]
zmq.proxy(router, dealer, capture)
const rep = zmq.socket('rep').connect(back)
rep.on('message', (frame: Buffer) => rep.send(`${String(frame)}!`))
const req = zmq.socket('req').connect(front)
const [reply, captured] = [once(req, 'message'), once(seen, 'message')]
req.send('hello')
const came = { reply: (await reply).map(String), captured: (await captured).map(String) }
process.send?.(came, undefined, {}, () => process.exit())

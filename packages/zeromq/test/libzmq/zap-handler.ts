// A ZAP handler (RFC 27) of our own over the public API, which answers as a test tells it to.
import type { Reply } from 'zeromq'
import type { Zmq } from './implementations.ts'
import type { Scene } from './kit.ts'

export interface Request {
  readonly version: string
  readonly id: Buffer
  readonly domain: string
  readonly address: string
  readonly routingId: string
  readonly mechanism: string
  readonly credentials: readonly Buffer[]
}

export type Answer = readonly (string | Buffer)[] | 'silence'

export interface Handler {
  readonly requests: Request[]
  readonly socket: Reply
}

/** Answers every request of this context until the test ends. */
export async function zapHandler(
  scene: Scene,
  zmq: Zmq,
  context: Zmq['context'],
  answer: (request: Request) => Answer,
): Promise<Handler> {
  const socket = scene.add(new zmq.Reply({ context }))
  socket.receiveTimeout = -1
  await socket.bind('inproc://zeromq.zap.01')
  const requests: Request[] = []
  const serve = async (): Promise<void> => {
    for await (const [
      version = '',
      id = Buffer.alloc(0),
      domain,
      address,
      routingId,
      mechanism,
      ...credentials
    ] of socket) {
      const request = {
        version: String(version),
        id,
        domain: String(domain),
        address: String(address),
        routingId: String(routingId),
        mechanism: String(mechanism),
        credentials,
      }
      requests.push(request)
      const reply = answer(request)
      if (reply === 'silence') return
      await socket.send([...reply])
    }
  }
  serve().catch(() => {})
  return { requests, socket }
}

/** The answer that lets in, or keeps out. */
export function verdict(request: Request, status: '200' | '300' | '400' | '500', user: string = 'anonymous'): Answer {
  return ['1.0', request.id, status, status === '200' ? 'OK' : 'no', status === '200' ? user : '', '']
}

/**
 * A program that was written against the types of `zeromq` 6, with its generics. Type-checked twice: here, where `zeromq`
 * is the native package, and by `scripts/steps/packed.ts`, where it is ours under that name. It is never run.
 */
import * as zmq from 'zeromq'
import {
  capability,
  type Context,
  context,
  curveKeyPair,
  Dealer,
  type Event,
  type EventOfType,
  type EventSubscriber,
  type EventType,
  type Message,
  type MessageLike,
  type Observer,
  type Pair,
  Proxy,
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Router,
  type RouterConnectOptions,
  type Socket,
  type SocketOptions,
  Stream,
  type StreamConnectOptions,
  Subscriber,
  version,
  type Writable,
  type XPublisher,
  type XSubscriber,
} from 'zeromq'
import * as draft from 'zeromq/draft.js'
import * as v5 from 'zeromq/v5-compat.js'

const settings: SocketOptions<Push> = { sendHighWaterMark: 10, linger: 0, context: new zmq.Context({ ioThreads: 1 }) }

export class Ventilator extends Push {
  readonly tasks: string[] = []
  constructor(options?: SocketOptions<Push>) {
    super({ ...settings, ...options })
  }
}

type SocketClass<S extends Socket> = new (options?: SocketOptions<S>) => S

export function make<S extends Socket>(kind: SocketClass<S>, options?: SocketOptions<S>): S {
  return new kind(options)
}

export async function forward(from: Readable & Socket, to: Writable): Promise<void> {
  for await (const message of from) await to.send(message)
}

export function emit<S extends Socket & Writable>(socket: S, message: MessageLike | MessageLike[]): Promise<void> {
  return socket.send(message)
}

export class Worker<S extends Readable & Socket> {
  constructor(socket: S) {
    this.socket = socket
  }
  readonly socket: S
  async *messages(): AsyncGenerator<Message[]> {
    for await (const message of this.socket) yield message
  }
}

export async function watch(socket: Socket): Promise<readonly [EventType, number | string | undefined]> {
  const observer: Observer = socket.events
  const subscriber: EventSubscriber = observer
  subscriber.on('accept', data => void (data.address satisfies string))
  subscriber.on('handshake:error:auth', data => void (data.error.status satisfies number))
  const accepted: EventOfType<'accept'> = { type: 'accept', address: 'tcp://127.0.0.1:1' }
  for await (const event of observer) return describe(event)
  return describe(accepted)
}

function describe(event: Event): readonly [EventType, number | string | undefined] {
  switch (event.type) {
    case 'connect:retry':
      return [event.type, event.interval]
    case 'bind:error':
      return [event.type, event.error.code]
    default:
      return [event.type, undefined]
  }
}

export async function patterns(): Promise<void> {
  const reply: Reply = make(Reply)
  const request = make(Request, { correlate: true, relaxed: true })
  await request.send(['a', Buffer.from('b'), new Uint8Array(1), null, 5])
  const [answer]: Message[] = await request.receive()
  await reply.send(answer ?? '')

  const subscriber = new Subscriber()
  subscriber.subscribe('a', Buffer.from('b'))
  subscriber.unsubscribe()
  for await (const [topic, body] of subscriber) void ([topic, body] satisfies (Buffer | undefined)[])
  const iterator: AsyncIterator<Message[], undefined> = subscriber[Symbol.asyncIterator]()
  await iterator.next()

  const stream = new Stream()
  stream.connect('tcp://127.0.0.1:1', { routingId: 'x' } satisfies StreamConnectOptions)
  const [id, data]: [Message, Message] = await stream.receive()
  await stream.send([id, data])

  new Router({ mandatory: true }).connect('tcp://127.0.0.1:1', { routingId: 'a' } satisfies RouterConnectOptions)
  const proxy: Proxy<Router, Dealer> = new Proxy(new Router(), new Dealer())
  await proxy.run()
  proxy.frontEnd satisfies Router
  proxy.backEnd satisfies Dealer
  proxy.pause()
  proxy.resume()
  proxy.terminate()
}

export function properties(socket: Push): void {
  const keys: { publicKey: string; secretKey: string } = curveKeyPair()
  socket.curveServer = true
  socket.curvePublicKey = keys.publicKey
  socket.curveSecretKey = keys.secretKey
  socket.curveServerKey = null
  socket.lastEndpoint satisfies string | null
  socket.securityMechanism satisfies string | null
  socket.writable satisfies boolean
  const its: Context = socket.context
  its.maxSockets = 5
  context.blocky = true
  capability.curve satisfies boolean | undefined
  version satisfies string
}

export async function drafts(): Promise<void> {
  const server = new draft.Server()
  const [question, { routingId }] = await server.receive()
  await server.send(question, { routingId })
  await new draft.Radio().send('x', { group: 'g' })
  const dish = new draft.Dish()
  dish.join('g')
  const [body, { group }] = await dish.receive()
  void ([body, group] satisfies Buffer[])
}

export function before(): void {
  const old = v5.socket('req')
  old.on('message', (...frames: Buffer[]) => void frames.length)
  old.monitor()
  old.close()
}

export const sockets: readonly (Pair | Publisher | Pull | XPublisher | XSubscriber)[] = [new Publisher(), new Pull()]
export const same: typeof zmq.Push = Push

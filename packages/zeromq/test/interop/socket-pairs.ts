// Every legal pair of socket types (RFC 37 §3.3.2 and the drafts), and how a message is carried through it.
import { expect } from 'vitest'
import type { Dish, Radio } from 'zeromq/draft.js'
import type { Zmq } from '../libzmq/implementations.ts'
import type { Both, Scene } from '../libzmq/kit.ts'
import type { Socket } from 'zeromq'

export type TypeName =
  | 'PAIR'
  | 'PUB'
  | 'SUB'
  | 'XPUB'
  | 'XSUB'
  | 'REQ'
  | 'REP'
  | 'DEALER'
  | 'ROUTER'
  | 'PUSH'
  | 'PULL'
  | 'CLIENT'
  | 'SERVER'
  | 'RADIO'
  | 'DISH'
  | 'SCATTER'
  | 'GATHER'
  | 'CHANNEL'
  | 'PEER'

/** The side that speaks first, and the other one. */
export const socketPairs: readonly (readonly [TypeName, TypeName])[] = [
  ['PAIR', 'PAIR'],
  ['PUB', 'SUB'],
  ['PUB', 'XSUB'],
  ['XPUB', 'SUB'],
  ['XPUB', 'XSUB'],
  ['REQ', 'REP'],
  ['REQ', 'ROUTER'],
  ['DEALER', 'REP'],
  ['DEALER', 'ROUTER'],
  ['DEALER', 'DEALER'],
  ['ROUTER', 'ROUTER'],
  ['PUSH', 'PULL'],
  ['CLIENT', 'SERVER'],
  ['RADIO', 'DISH'],
  ['SCATTER', 'GATHER'],
  ['CHANNEL', 'CHANNEL'],
]

export const single: ReadonlySet<TypeName> = new Set<TypeName>([
  'CLIENT',
  'SERVER',
  'RADIO',
  'DISH',
  'SCATTER',
  'GATHER',
  'CHANNEL',
  'PEER',
])

const classes: Record<TypeName, keyof Zmq> = {
  PAIR: 'Pair',
  PUB: 'Publisher',
  SUB: 'Subscriber',
  XPUB: 'XPublisher',
  XSUB: 'XSubscriber',
  REQ: 'Request',
  REP: 'Reply',
  DEALER: 'Dealer',
  ROUTER: 'Router',
  PUSH: 'Push',
  PULL: 'Pull',
  CLIENT: 'Client',
  SERVER: 'Server',
  RADIO: 'Radio',
  DISH: 'Dish',
  SCATTER: 'Scatter',
  GATHER: 'Gather',
  CHANNEL: 'Channel',
  PEER: 'Peer',
}

export function make(scene: Scene, zmq: Zmq, type: TypeName, options: object): Socket {
  return scene.add(new (zmq[classes[type]] as new (options: object) => Socket)(options))
}

type Message = Buffer[]

/** Carries messages from the first socket to the second, and back where the pair has a way back. */
export async function exchange(
  pair: readonly [TypeName, TypeName],
  from: Socket,
  to: Socket,
  messages: readonly Message[],
): Promise<void> {
  const [first, second] = [from as unknown as Both, to as unknown as Both]
  switch (pair.join(' ')) {
    case 'PUB SUB':
    case 'PUB XSUB':
    case 'XPUB SUB':
    case 'XPUB XSUB':
      return publish(first, second, messages)
    case 'RADIO DISH':
      return radiate(from as unknown as Radio, to as unknown as Dish, messages)
    case 'CLIENT SERVER':
      return askServer(first, to as unknown as InstanceType<Zmq['Server']>, messages)
    case 'REQ ROUTER':
    case 'DEALER ROUTER':
      return askRouter(pair[0], first, second, messages)
    case 'DEALER REP':
      return askAs(first, second, messages, message => [Buffer.alloc(0), ...message])
    case 'ROUTER ROUTER':
      return byName(first, second, messages)
    case 'PUSH PULL':
    case 'SCATTER GATHER':
      return oneWay(first, second, messages)
    default:
      return askAs(first, second, messages, message => message)
  }
}

async function oneWay(from: Both, to: Both, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    await from.send(message.length === 1 ? (message[0] ?? '') : message)
    same(await to.receive(), message)
  }
}

async function askAs(
  from: Both,
  to: Both,
  messages: readonly Message[],
  wrap: (message: Message) => Message,
): Promise<void> {
  for (const message of messages) {
    const wrapped = wrap(message)
    await from.send(wrapped.length === 1 ? (wrapped[0] ?? '') : wrapped)
    same(await to.receive(), message)
    await to.send(message.length === 1 ? (message[0] ?? '') : message)
    same(await from.receive(), wrapped)
  }
}

async function askRouter(type: TypeName, from: Both, router: Both, messages: readonly Message[]): Promise<void> {
  const envelope = type === 'REQ' ? [Buffer.alloc(0)] : []
  for (const message of messages) {
    await from.send(message)
    const [id = Buffer.alloc(0), ...rest] = await router.receive()
    same(rest, [...envelope, ...message])
    await router.send([id, ...rest])
    same(await from.receive(), message)
  }
}

// The one that connected knows the other by the name it gave it.
async function byName(from: Both, to: Both, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    await from.send(['other', ...message])
    const [id = Buffer.alloc(0), ...rest] = await to.receive()
    same(rest, message)
    await to.send([id, ...rest])
    same((await from.receive()).slice(1), message)
  }
}

async function publish(from: Both, to: Both, messages: readonly Message[]): Promise<void> {
  // Subscriptions take a moment: what is said until then is lost, by design.
  to.receiveTimeout = 20
  const topic = Buffer.from('t')
  for (let tries = 0; ; tries++) {
    await from.send([topic, 'probe'])
    const heard = await to.receive().catch(() => undefined)
    if (heard !== undefined) break
    if (tries > 250) throw new Error('no subscription arrived')
  }
  to.receiveTimeout = 5_000
  await from.send([topic, 'end'])
  while ((await to.receive())[1]?.toString() !== 'end');
  for (const message of messages) {
    await from.send([Buffer.from('not asked for'), ...message])
    await from.send([topic, ...message])
    same(await to.receive(), [topic, ...message])
  }
}

async function radiate(radio: Radio, dish: Dish, messages: readonly Message[]): Promise<void> {
  dish.receiveTimeout = 20
  for (let tries = 0; ; tries++) {
    await radio.send('probe', { group: 'g' })
    const heard = await dish.receive().catch(() => undefined)
    if (heard !== undefined) break
    if (tries > 250) throw new Error('no join arrived')
  }
  dish.receiveTimeout = 5_000
  await radio.send('end', { group: 'g' })
  while ((await dish.receive())[0].toString() !== 'end');
  for (const [body = Buffer.alloc(0)] of messages) {
    await radio.send(body, { group: 'not joined' })
    await radio.send(body, { group: 'g' })
    const [got, { group }] = await dish.receive()
    same([got], [body])
    expect(group.toString()).toBe('g')
  }
}

async function askServer(
  client: Both,
  server: InstanceType<Zmq['Server']>,
  messages: readonly Message[],
): Promise<void> {
  for (const [body = Buffer.alloc(0)] of messages) {
    await client.send(body)
    const [got, { routingId }] = await server.receive()
    same([got], [body])
    await server.send(got, { routingId })
    same(await client.receive(), [body])
  }
}

// Without a diff of megabytes where it fails.
function same(got: readonly Buffer[], expected: readonly Buffer[]): void {
  expect(got.map(frame => frame.length)).toEqual(expected.map(frame => frame.length))
  expect(got.every((frame, at) => frame.equals(expected[at] ?? Buffer.alloc(0)))).toBe(true)
}

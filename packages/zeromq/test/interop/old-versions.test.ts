// Peers of octets that speak ZMTP 2.0 and 1.0 (RFC 15, RFC 13), as ZeroMQ 3 and 2 did.
import { expect } from 'vitest'
import { across, each, portOf, text, type Scene } from '../libzmq/kit.ts'
import { message, WirePeer, WireServer } from '../libzmq/wire-peer.ts'

// RFC 15: signature, revision 1, socket type, then the identity as a frame.
const types = {
  PAIR: 0,
  PUB: 1,
  SUB: 2,
  REQ: 3,
  REP: 4,
  DEALER: 5,
  ROUTER: 6,
  PULL: 7,
  PUSH: 8,
  XPUB: 9,
  XSUB: 10,
} as const
type Type = keyof typeof types
const classes = {
  PAIR: 'Pair',
  PUB: 'Publisher',
  SUB: 'Subscriber',
  REQ: 'Request',
  REP: 'Reply',
  DEALER: 'Dealer',
  ROUTER: 'Router',
  PULL: 'Pull',
  PUSH: 'Push',
  XPUB: 'XPublisher',
  XSUB: 'XSubscriber',
} as const

for (const [ours, theirs] of [
  ['PAIR', 'PAIR'],
  ['REP', 'REQ'],
  ['ROUTER', 'DEALER'],
  ['DEALER', 'ROUTER'],
  ['PULL', 'PUSH'],
  ['PUSH', 'PULL'],
  ['XPUB', 'SUB'],
  ['SUB', 'PUB'],
  ['REQ', 'REP'],
] as const)
  for (const binds of [true, false])
    for (const version of [2, 1] as const)
      each(`${ours} talks to a ${theirs} of ZMTP ${version}.0, ${binds ? 'bound' : 'connected'}`, async scene => {
        const socket = scene.add(new scene.a[classes[ours]]())
        if (ours === 'SUB') (socket as InstanceType<Scene['a']['Subscriber']>).subscribe('t')
        const peer = await met(scene, socket, binds)
        await (version === 2 ? greet2(peer, theirs) : greet1(peer))

        await talk(ours, socket as never, peer, version)
      })

across(
  'a peer of ZMTP 2.0 with a name is known by it',
  { oursOnly: 'the other side is made of octets' },
  async scene => {
    const router = scene.add(new scene.a.Router())
    const peer = await met(scene, router, true)
    await greet2(peer, 'DEALER', 'named')
    peer.write(message('hello'))

    expect(await text(router)).toEqual(['named', 'hello'])
  },
)

async function met(scene: Scene, socket: Parameters<Scene['bind']>[0], binds: boolean): Promise<WirePeer> {
  if (binds) return WirePeer.connect(portOf(await scene.bind(socket)), scene)
  const server = await WireServer.listen(scene)
  socket.connect(server.endpoint)
  return server.next()
}

async function greet2(peer: WirePeer, type: Type, name: string = ''): Promise<void> {
  peer.write(Buffer.from('ff00000000000000017f', 'hex'), Buffer.from([1, types[type], 0, name.length]), name)
  const signature = await peer.read(10)
  expect([signature[0], signature[9]]).toEqual([0xff, 0x7f])
  // Its version, which is higher than ours; it falls back, and tells its type and name.
  await peer.read(1)
  await peer.read(1)
  expect((await peer.frame()).flags).toBe(0)
}

async function greet1(peer: WirePeer): Promise<void> {
  peer.write(Buffer.from([1, 0]))
  // A signature looks to a 1.0 peer like the long header of its routing id.
  const signature = await peer.read(10)
  expect(signature[0]).toBe(0xff)
  await peer.read(Number(signature.readBigUInt64BE(1)) - 1)
}

async function talk(
  ours: Type,
  socket: { send(message: string | string[] | Buffer[]): Promise<void>; receive(): Promise<Buffer[]> },
  peer: WirePeer,
  version: 1 | 2,
): Promise<void> {
  const said = (...parts: string[]): Buffer => (version === 2 ? message(...parts) : message1(...parts))
  const heard = async (): Promise<string[]> => {
    const parts: string[] = []
    for (let more = true; more;) {
      const { flags, body } = await (version === 2 ? peer.frame() : frame1(peer))
      parts.push(body.toString())
      more = (flags & 1) === 1
    }
    return parts
  }
  const long = 'x'.repeat(300)
  switch (ours) {
    case 'PAIR':
    case 'PULL':
      peer.write(said('one', '', long))
      expect((await socket.receive()).map(String)).toEqual(['one', '', long])
      break
    case 'REP':
    case 'ROUTER': {
      peer.write(ours === 'REP' ? said('', 'question') : said('question', long))
      const got = await socket.receive()
      await socket.send(ours === 'REP' ? ['answer'] : got)
      expect(await heard()).toEqual(ours === 'REP' ? ['', 'answer'] : ['question', long])
      break
    }
    case 'REQ':
      await socket.send('question')
      expect(await heard()).toEqual(['', 'question'])
      peer.write(said('', 'answer'))
      expect((await socket.receive()).map(String)).toEqual(['answer'])
      break
    case 'XPUB':
      // ZeroMQ 2 filtered where it received: whoever speaks 1.0 gets everything.
      if (version === 2) peer.write(said('\u0001t'))
      expect((await socket.receive()).map(String)).toEqual([version === 2 ? '\u0001t' : '\u0001'])
      if (version === 2) await socket.send(['not asked for'])
      await socket.send(['topic', long])
      expect(await heard()).toEqual(['topic', long])
      break
    case 'SUB':
      if (version === 2) expect(await heard()).toEqual(['\u0001t'])
      peer.write(said('not asked for'), said('topic', long))
      expect((await socket.receive()).map(String)).toEqual(['topic', long])
      break
    default:
      await socket.send(['one', '', long])
      expect(await heard()).toEqual(['one', '', long])
  }
}

// RFC 13: length (which counts the flags), flags, body.
function message1(...parts: string[]): Buffer {
  return Buffer.concat(
    parts.map((part, at) => {
      const body = Buffer.from(part, 'latin1')
      const flags = Buffer.from([at < parts.length - 1 ? 1 : 0])
      if (body.length + 1 < 255) return Buffer.concat([Buffer.from([body.length + 1]), flags, body])
      const header = Buffer.alloc(9, 0xff)
      header.writeBigUInt64BE(BigInt(body.length + 1), 1)
      return Buffer.concat([header, flags, body])
    }),
  )
}

async function frame1(peer: WirePeer): Promise<{ flags: number; body: Buffer }> {
  const [short = 0] = await peer.read(1)
  const length = short === 0xff ? Number((await peer.read(8)).readBigUInt64BE()) : short
  const [flags = 0] = await peer.read(1)
  return { flags, body: await peer.read(length - 1) }
}

import { afterEach, expect, test } from 'vitest'
import { authenticate, curveClients, plainUsers, receiveFrom } from '../src/extra.ts'
import * as zmq from '../src/index.ts'
import type { Candidate } from '../src/zap.ts'

const sockets: zmq.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

test.each([
  ['ann', 'secret', 200],
  ['ann', 'Secret', 400],
  ['ann', '', 400],
  ['ann', 'secret ', 400],
  ['bob', 'secret', 400],
  ['bob', 'other', 200],
  ['', '', 400],
  ['toString', 'secret', 400],
])('a PLAIN client %j with %j is answered %i', async (name, password, status) => {
  const admission = await plainUsers({ ann: 'secret', bob: 'other' })(candidate('PLAIN', [name, password]))

  expect(admission.status).toBe(status)
  expect(admission.userId).toBe(status === 200 ? name : undefined)
})

test('passwords let nobody in by another mechanism, nor keys', async () => {
  const users = plainUsers({ '': '' })
  const clients = curveClients({})

  for (const mechanism of ['NULL', 'CURVE'] as const) {
    expect(await users(candidate(mechanism, []))).toMatchObject({ status: 400 })
  }
  for (const mechanism of ['NULL', 'PLAIN'] as const) {
    expect(await clients(candidate(mechanism, ['', '']))).toMatchObject({ status: 400 })
  }
})

test('a key that is none is refused when it is given', () => {
  expect(() => curveClients({ short: 'ann' })).toThrow(RangeError)
})

test('a CURVE server lets in the clients whose keys it knows, with their names', async () => {
  const server = zmq.curveKeyPair()
  const ann = zmq.curveKeyPair()
  const context = new zmq.Context()
  authenticate(context, curveClients({ [ann.publicKey]: 'ann' }))
  const pull = kept(new zmq.Pull({ context, linger: 0, curveServer: true, curveSecretKey: server.secretKey }))
  await pull.bind('tcp://127.0.0.1:*')
  const stranger = kept(newPush(server.publicKey, zmq.curveKeyPair()))
  const refused = nextOf(stranger, 'handshake:error:auth')
  stranger.connect(pull.lastEndpoint!)
  await refused
  const known = kept(newPush(server.publicKey, ann))
  known.connect(pull.lastEndpoint!)
  await known.send('hello')

  const { frames, peer } = await receiveFrom(pull)

  expect(frames[0]!.toString()).toBe('hello')
  expect(peer.properties['User-Id']).toBe('ann')
})

test('a PLAIN server lets in who knows a password, with the name', async () => {
  const context = new zmq.Context()
  authenticate(context, plainUsers({ ann: 'secret' }))
  const pull = kept(new zmq.Pull({ context, linger: 0, plainServer: true }))
  await pull.bind('tcp://127.0.0.1:*')
  const stranger = kept(new zmq.Push({ linger: 0, plainUsername: 'ann', plainPassword: 'guess' }))
  const refused = nextOf(stranger, 'handshake:error:auth')
  stranger.connect(pull.lastEndpoint!)
  await refused
  const known = kept(new zmq.Push({ linger: 0, plainUsername: 'ann', plainPassword: 'secret' }))
  known.connect(pull.lastEndpoint!)
  await known.send('hello')

  const { peer } = await receiveFrom(pull)

  expect(peer.properties['User-Id']).toBe('ann')
})

function kept<T extends zmq.Socket>(socket: T): T {
  sockets.push(socket)
  return socket
}

function newPush(curveServerKey: string, { publicKey, secretKey }: zmq.CurveKeyPair): zmq.Push {
  return new zmq.Push({ linger: 0, curveServerKey, curvePublicKey: publicKey, curveSecretKey: secretKey })
}

async function nextOf(socket: zmq.Socket, type: string): Promise<void> {
  for await (const event of socket.events) if (event.type === type) return
}

function candidate(mechanism: Candidate['mechanism'], credentials: readonly string[]): Candidate {
  const octets = credentials.map(text => Buffer.from(text))
  return { mechanism, credentials: octets, domain: '', address: '127.0.0.1', identity: new Uint8Array(0) }
}

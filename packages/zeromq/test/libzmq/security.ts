// Options of a server and its clients for each mechanism, and what both sides see when it goes wrong.
import type { Socket } from 'zeromq'
import type { Zmq } from './implementations.ts'
import { raw, type Scene } from './kit.ts'

export type Mechanism = 'NULL' | 'PLAIN' | 'CURVE'
export const mechanisms: readonly Mechanism[] = ['NULL', 'PLAIN', 'CURVE']

export interface Keys {
  readonly server: { readonly publicKey: string; readonly secretKey: string }
  readonly client: { readonly publicKey: string; readonly secretKey: string }
}

export function keys(zmq: Zmq): Keys {
  return { server: zmq.curveKeyPair(), client: zmq.curveKeyPair() }
}

export function serve(socket: Socket, mechanism: Mechanism, { server }: Keys, domain: string = 'global'): void {
  if (domain !== '') socket.zapDomain = domain
  if (mechanism === 'PLAIN') socket.plainServer = true
  if (mechanism !== 'CURVE') return
  socket.curveServer = true
  socket.curveSecretKey = server.secretKey
}

export function ask(socket: Socket, mechanism: Mechanism, { server, client }: Keys): void {
  if (mechanism === 'PLAIN') {
    socket.plainUsername = 'admin'
    socket.plainPassword = 'password'
  }
  if (mechanism !== 'CURVE') return
  socket.curveServerKey = server.publicKey
  socket.curvePublicKey = client.publicKey
  socket.curveSecretKey = client.secretKey
}

/** A context of its own, so that a ZAP handler is seen by one test only. */
export function ownContext(scene: Scene, zmq: Zmq): Zmq['context'] {
  const context = new zmq.Context()
  scene.defer(() => void raw(context))
  return context
}

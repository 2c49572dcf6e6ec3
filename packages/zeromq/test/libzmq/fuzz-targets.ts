// Octets that no honest peer sends, thrown at a bound or a connecting socket, and proof that it still works afterwards.
import { expect } from 'vitest'
import type { Socket } from 'zeromq'
import { portOf, type Scene } from './kit.ts'
import { random, randomOctets } from './random.ts'
import { command, frame, greeting, message, ready, WirePeer, WireServer } from './wire-peer.ts'

const turns = process.env['MILLRACE_FULL'] === '1' ? 300 : 40

/** Recorded openings, cut, changed and followed by noise; the same ones every time. */
export function* hostile(seed: number, mechanism: string): Generator<Buffer> {
  const next = random(seed)
  const openings = [
    Buffer.concat([greeting({ mechanism }), ready('DEALER'), message('hello', 'world')]),
    Buffer.concat([greeting({ mechanism }), command('HELLO', Buffer.alloc(194, 1))]),
    Buffer.concat([greeting({ mechanism }), command('PING', Buffer.alloc(300))]),
    Buffer.concat([greeting({ mechanism }), Buffer.from('06ffffffffffffffff', 'hex')]),
    Buffer.concat([greeting({ mechanism }), ready('DEALER'), Buffer.from('027fffffffffffffff', 'hex')]),
    Buffer.concat([greeting({ mechanism }), command('READY', Buffer.from('0b536f636b65742d54797065ffffffff', 'hex'))]),
    Buffer.concat([greeting({ mechanism }), command('READY', '\u0009__proto__\0\0\0\u0001x')]),
    Buffer.concat([greeting({ mechanism }), frame(4, '')]),
    Buffer.concat([greeting({ mechanism }), ready('DEALER'), frame(4, '\u00ffPING')]),
    Buffer.from('ff00000000000000017f0103', 'hex'),
    Buffer.from('0100060068656c6c6f', 'hex'),
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  ]
  for (let turn = 0; turn < turns; turn++) {
    const opening = openings[turn % openings.length] ?? Buffer.alloc(0)
    const octets = Buffer.concat([opening.subarray(0, next(opening.length) + 1), randomOctets(next, next(200))])
    if (turn % 3 === 1) octets[next(octets.length)] = next(256)
    yield turn < openings.length ? opening : octets
  }
}

/** Connects once for each input, and waits until it was read or refused. */
export async function throwAt(scene: Scene, bound: Socket, inputs: Iterable<Buffer>): Promise<void> {
  const port = portOf((bound.lastEndpoint ?? '').replace(/\/$/, ''))
  for (const input of inputs) {
    const peer = await WirePeer.connect(port, scene)
    peer.write(input)
    peer.end()
    await peer.closed
  }
}

/** Answers every connection of a socket with the next input; done when all were used. */
export async function answerWith(
  scene: Scene,
  connect: (endpoint: string) => void,
  inputs: Iterable<Buffer>,
): Promise<void> {
  const server = await WireServer.listen(scene)
  const left = [...inputs]
  for (const input of left) {
    connect(server.endpoint)
    const peer = await server.next()
    peer.write(input)
    peer.end()
    await peer.closed
  }
  expect(server.accepted).toBeGreaterThanOrEqual(left.length)
}

/** Connects anew: a DEALER connects to an endpoint only once, and leaves it first. */
export function fresh(client: {
  connect(endpoint: string): void
  disconnect(endpoint: string): void
}): (endpoint: string) => void {
  return endpoint => {
    try {
      client.disconnect(endpoint)
    } catch {
      // Gone already: its reconnection is off.
    }
    client.connect(endpoint)
  }
}

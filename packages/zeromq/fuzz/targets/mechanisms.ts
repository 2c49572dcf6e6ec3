import { jsSuite } from '../../src/cipher/js-suite.ts'
import { CurveClient } from '../../src/mechanism/curve-client.ts'
import type { CurveCrypto, CurveSecret } from '../../src/mechanism/curve-keys.ts'
import { CurveServer } from '../../src/mechanism/curve-server.ts'
import type { Mechanism, OwnProperties, ZapVerdict } from '../../src/mechanism/mechanism.ts'
import { NullMechanism } from '../../src/mechanism/null.ts'
import { PlainClient, PlainServer } from '../../src/mechanism/plain.ts'
import { joined, must, mutate } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

const CLIENT: OwnProperties = { socketType: 'DEALER', routingId: Uint8Array.of(1, 2) }
const SERVER: OwnProperties = { socketType: 'ROUTER', routingId: new Uint8Array(0) }
const ASK = { domain: 'global', enforceDomain: false }
const VERDICTS: readonly ZapVerdict[] = [
  { is: 'reply', status: 200, userId: 'ann', metadata: new Map() },
  { is: 'reply', status: 200, userId: '', metadata: new Map() },
  { is: 'reply', status: 300 },
  { is: 'reply', status: 400 },
  { is: 'absent' },
  { is: 'invalid', error: 'ZAP_MALFORMED_REPLY' },
]

/** Handshakes in which some tokens are changed on their way, come twice, in another order, or from elsewhere. */
export const mechanisms: Target = {
  name: 'mechanisms',
  weight: 15,
  run(random) {
    const crypto = fakeCrypto(random)
    const [client, server] = pair(random, crypto)
    const seen: Uint8Array[] = []
    let tampered = false
    for (let step = 0; step < 12; step++) {
      const [from, to] = step % 2 === 0 ? [client, server] : [server, client]
      if (from.state.is === 'authenticating') from.authenticated(random.oneIn(3) ? random.pick(VERDICTS) : VERDICTS[0]!)
      if (random.oneIn(20)) from.authenticated(random.pick(VERDICTS))
      for (let token = from.next(); token !== undefined; token = from.next()) {
        seen.push(token.slice())
        const wrong = random.oneIn(4)
        tampered ||= wrong
        const sent = wrong ? mutate(random, random.oneIn(4) ? random.pick(seen) : token) : token
        receive(to, sent, random)
      }
      if (random.oneIn(20) && seen.length > 0) {
        tampered = true
        receive(to, random.pick(seen), random)
      }
    }
    client.wipe()
    server.wipe()
    must(tampered || server.state.is !== 'running', 'an honest handshake ends')
  },
}

// The token lies somewhere within a larger buffer, of which nothing else may be read or changed.
function receive(mechanism: Mechanism, token: Uint8Array, random: Random): void {
  const before = mechanism.state
  const margin = random.below(4)
  const buffer = joined(new Uint8Array(margin).fill(0xff), token, new Uint8Array(margin).fill(0xff))
  const copy = buffer.slice()
  mechanism.receive(buffer, margin, margin + token.length)
  must(
    copy.every((octet, i) => octet === buffer[i]),
    'the token is not changed',
  )
  const after = mechanism.state
  if (before.is === 'failed' || before.is === 'done') must(after === before, 'what has ended stays as it is')
  if (after.is === 'done') must(after.peer.routingId.length <= 255, 'a routing id is short')
}

function pair(random: Random, crypto: CurveCrypto): [Mechanism, Mechanism] {
  const zap = random.oneIn(2) ? ASK : undefined
  switch (random.below(3)) {
    case 0:
      return [new NullMechanism(CLIENT), new NullMechanism(SERVER, zap)]
    case 1: {
      const credentials = { username: random.octets(random.below(9)), password: random.octets(random.below(9)) }
      return [new PlainClient(CLIENT, credentials), new PlainServer(SERVER)]
    }
    default: {
      const secret = crypto.keyPair()
      const keys = { secret: crypto.keyPair(), serverKey: secret.publicKey }
      return [new CurveClient(CLIENT, keys, crypto), new CurveServer(SERVER, secret, crypto, zap)]
    }
  }
}

const SUITE = jsSuite()

// X25519 takes a hundred times as long as everything else here. Any function that both sides find the same result with will do.
function fakeCrypto(random: Random): CurveCrypto {
  return {
    suite: SUITE,
    random: count => random.octets(count),
    keyPair(): CurveSecret {
      const publicKey = random.octets(32)
      return {
        publicKey,
        shared: theirs => (theirs.length !== 32 ? undefined : theirs.map((octet, i) => octet ^ publicKey[i]!)),
      }
    },
  }
}

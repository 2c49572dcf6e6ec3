import { generateKeyPairSync } from 'node:crypto'
import { curveCrypto, curveSecret, curveSuite } from '../../src/curve.ts'
import type { CurveCrypto, CurveSecret } from '../../src/mechanism/curve-keys.ts'
import type { Mechanism, OwnProperties, ZapVerdict } from '../../src/mechanism/mechanism.ts'
import type { SocketType } from '../../src/wire/socket-type.ts'

/** Passes tokens between two mechanisms until neither has more, answering every question with the verdict. The tokens are recorded. */
export function shake(client: Mechanism, server: Mechanism, verdict: ZapVerdict = WELCOME): string[] {
  const tokens: string[] = []
  for (let moved = true; moved;) {
    moved = false
    for (const [from, to, who] of [
      [client, server, 'C'],
      [server, client, 'S'],
    ] as const) {
      if (from.state.is === 'authenticating') {
        from.authenticated(verdict)
        moved = true
      }
      for (let token = from.next(); token !== undefined; token = from.next()) {
        tokens.push(`${who}: ${new TextDecoder('latin1').decode(token.subarray(1, 1 + token[0]!))}`)
        to.receive(token, 0, token.length)
        moved = true
      }
    }
  }
  return tokens
}

export const WELCOME: ZapVerdict = { is: 'reply', status: 200, userId: '', metadata: new Map() }

export function own(socketType: SocketType, routingId = ''): OwnProperties {
  return { socketType, routingId: new TextEncoder().encode(routingId) }
}

export function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A secret key that nobody else has. */
export function newSecret(): CurveSecret {
  const { privateKey } = generateKeyPairSync('x25519')
  return curveSecret(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32)))
}

export const CRYPTO: CurveCrypto = curveCrypto(curveSuite('js'))

import { randomBytes } from 'node:crypto'
import { curveSecret } from './curve.ts'
import type { HandshakeOptions } from './engine/handshake.ts'
import { CurveClient } from './mechanism/curve-client.ts'
import type { CurveSecret } from './mechanism/curve-keys.ts'
import { CurveServer } from './mechanism/curve-server.ts'
import type {
  Mechanism,
  MechanismName,
  OwnProperties,
  ZapPolicy,
  ZapRequest,
  ZapVerdict,
} from './mechanism/mechanism.ts'
import { NullMechanism } from './mechanism/null.ts'
import { PlainClient, PlainServer } from './mechanism/plain.ts'
import type { OptionValues } from './options.ts'
import type { SocketCore } from './socket-core.ts'
import type { SocketType } from './wire/socket-type.ts'

/** What a socket says of itself in handshakes, and whom it asks about its peers. */
export class Security {
  readonly #core: SocketCore
  #secret: { octets: Uint8Array; secret: CurveSecret } | undefined
  #pool: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(core: SocketCore) {
    this.#core = core
  }

  /** The mechanism that the options ask for; as in libzmq the option that was set last decides. */
  get mechanism(): MechanismName {
    return this.#core.settings.mechanism
  }

  handshake(): HandshakeOptions {
    const { settings } = this.#core
    // The options as they are now, whenever the peer comes.
    const values = { ...settings.values }
    const metadata = new Map(settings.metadata)
    const { mechanism } = this
    return {
      mechanism,
      asServer: mechanism === 'PLAIN' ? values.plainServer : mechanism === 'CURVE' && values.curveServer,
      socketType: this.#core.type as SocketType,
      routingId: values.routingId ?? new Uint8Array(0),
      downgrade: mechanism === 'NULL' && (values.zapDomain ?? '') === '',
      createMechanism: () => this.#create(mechanism, values, metadata),
    }
  }

  /** The verdict on a peer: of the context's callback, or of the handler on inproc; 'absent' where there is neither. */
  ask(request: ZapRequest, address: string, signal: AbortSignal): ZapVerdict | Promise<ZapVerdict> {
    const { context, settings } = this.#core
    const who = {
      domain: settings.values.zapDomain ?? '',
      address,
      identity: settings.values.routingId ?? new Uint8Array(0),
    }
    return context.zap.ask(request, who, signal)
  }

  /** An unpredictable integer from 0 to 2^32 - 1. */
  random(): number {
    if (this.#at + 4 > this.#pool.length) {
      this.#pool = randomBytes(256)
      this.#at = 0
    }
    this.#at += 4
    return this.#pool.readUInt32BE(this.#at - 4)
  }

  #create(name: MechanismName, values: OptionValues, metadata: ReadonlyMap<string, Uint8Array>): Mechanism {
    const { context, type } = this.#core
    const own: OwnProperties = {
      socketType: type as SocketType,
      routingId: values.routingId ?? new Uint8Array(0),
      metadata,
    }
    const zap: ZapPolicy = { domain: values.zapDomain ?? '', enforceDomain: values.zapEnforceDomain }
    switch (name) {
      case 'NULL':
        return zap.domain === '' ? new NullMechanism(own) : new NullMechanism(own, zap)
      case 'PLAIN':
        if (values.plainServer) return new PlainServer(own)
        return new PlainClient(own, {
          username: Buffer.from(values.plainUsername ?? ''),
          password: Buffer.from(values.plainPassword ?? ''),
        })
      case 'CURVE': {
        const crypto = context.crypto(values.cipher)
        const secret = this.#secretOf(values.curveSecretKey ?? new Uint8Array(32))
        if (values.curveServer) return new CurveServer(own, secret, crypto, zap)
        const serverKey = values.curveServerKey ?? new Uint8Array(32)
        // Without keys it must not get in with the key of nobody's secret: the server finds that these do not go together.
        const derived = values.curveSecretKey === null ? new Uint8Array(32) : secret.publicKey
        const publicKey = values.curvePublicKey ?? derived
        return new CurveClient(own, { secret, serverKey, publicKey }, crypto)
      }
    }
  }

  /** Key objects are made once for each key: making them costs as much as using them. */
  #secretOf(octets: Uint8Array): CurveSecret {
    if (this.#secret?.octets !== octets) this.#secret = { octets, secret: curveSecret(octets) }
    return this.#secret.secret
  }
}

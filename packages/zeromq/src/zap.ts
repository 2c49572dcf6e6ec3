import type { ZapRequest, ZapVerdict } from './mechanism/mechanism.ts'
import { decodeMetadata } from './wire/metadata.ts'
import type { ProtocolError } from './wire/protocol-error.ts'

/** Where the handler of a context listens (RFC 27). */
export const ZAP_ENDPOINT = 'inproc://zeromq.zap.01'

/** Who asks to be let in, as RFC 27 tells it. */
export interface Candidate {
  readonly domain: string
  /** The peer's numeric address, without a port; empty over ipc. */
  readonly address: string
  /** The routing id of the socket that it came to. */
  readonly identity: Uint8Array
  readonly mechanism: 'NULL' | 'PLAIN' | 'CURVE'
  /** NULL: none; PLAIN: name and password; CURVE: the peer's public key, 32 octets. */
  readonly credentials: readonly Buffer[]
}

/** What a handler says: 200 in, 300 try again later (the peer is told nothing), 400 no, 500 something broke. */
export interface Admission {
  readonly status: 200 | 300 | 400 | 500
  readonly text?: string
  /** Becomes the property User-Id of every message of the peer. */
  readonly userId?: string
  /** More properties. */
  readonly metadata?: Readonly<Record<string, string | Uint8Array>>
}

/** Decides who is let in. What it throws or rejects with counts as 500. */
export type Authenticator = (candidate: Candidate) => Admission | Promise<Admission>

/** A conversation with the handler at the endpoint: a DEALER that is connected there, for one question. */
export interface ZapLine {
  send(frames: (Uint8Array | string)[], signal?: AbortSignal): Promise<void>
  receive(signal?: AbortSignal): Promise<Uint8Array[]>
  close(): void
}

type Dial = () => ZapLine | undefined | Promise<ZapLine | undefined>

/** The authentication of one context: a callback where one is set, else whoever listens at the endpoint. */
export class Zap {
  readonly #dial: Dial
  #authenticator: Authenticator | undefined

  /** `dial` answers undefined when nobody listens at the endpoint; what it throws keeps the candidate out. */
  constructor(dial: Dial) {
    this.#dial = dial
  }

  /** Has the callback asked instead of the endpoint; undefined: the endpoint again. */
  use(authenticator: Authenticator | undefined): void {
    this.#authenticator = authenticator
  }

  /**
   * Answers for a handshake. Never rejects. While a handler does not answer it waits, until `signal` says that the handshake
   * is over: nothing of the question is left then.
   */
  ask(request: ZapRequest, who: Applicant, signal?: AbortSignal): ZapVerdict | Promise<ZapVerdict> {
    const credentials = request.credentials.map(one => Buffer.from(one.buffer, one.byteOffset, one.byteLength))
    const candidate: Candidate = { ...who, mechanism: request.mechanism, credentials }
    if (this.#authenticator !== undefined) return decide(this.#authenticator, candidate)
    try {
      const line = this.#dial()
      if (!(line instanceof Promise)) return line === undefined ? ABSENT : converse(line, candidate, signal)
      return line.then(found => (found === undefined ? ABSENT : converse(found, candidate, signal))).catch(() => BROKEN)
    } catch {
      return BROKEN
    }
  }
}

/** What only the socket knows of a candidate. */
export type Applicant = Pick<Candidate, 'domain' | 'address' | 'identity'>

/** The frames of a question, behind the delimiter that a REP or ROUTER expects (RFC 27 §3.2). */
export function encodeQuestion(candidate: Candidate): (Uint8Array | string)[] {
  const { domain, address, identity, mechanism, credentials } = candidate
  return ['', VERSION, REQUEST_ID, domain, address, identity, mechanism, ...credentials]
}

/**
 * What a handler's reply says: delimiter, version, request id, status, text, user id, metadata (RFC 27 §3.3); 'invalid'
 * with the error that libzmq's monitor would tell.
 */
export function decodeReply(frames: readonly Uint8Array[]): ZapVerdict {
  const [delimiter, version, requestId, status, text, userId, metadata] = frames
  if (frames.length !== 7 || delimiter!.length > 0) return invalid('ZAP_MALFORMED_REPLY')
  if (string(version!) !== VERSION) return invalid('ZAP_BAD_VERSION')
  if (string(requestId!) !== REQUEST_ID) return invalid('ZAP_BAD_REQUEST_ID')
  const code = string(status!)
  if (code === '300' || code === '400' || code === '500') {
    return { is: 'reply', status: Number(code) as 300 | 400 | 500, text: string(text!) }
  }
  if (code !== '200') return invalid('ZAP_INVALID_STATUS_CODE')
  const properties = decodeMetadata(metadata!, 0, metadata!.length)
  if (properties === undefined) return invalid('ZAP_INVALID_METADATA')
  return { is: 'reply', status: 200, userId: string(userId!), metadata: properties }
}

const VERSION = '1.0'
// One question to a line, so that one id will do, as for libzmq.
const REQUEST_ID = '1'
const ABSENT: ZapVerdict = { is: 'absent' }
const BROKEN: ZapVerdict = { is: 'reply', status: 500, text: 'the handler failed' }

function decide(authenticator: Authenticator, candidate: Candidate): ZapVerdict | Promise<ZapVerdict> {
  try {
    const admission = authenticator(candidate)
    // Any promise, also one of a library or of another realm.
    if (!('then' in admission)) return verdict(admission)
    return Promise.resolve(admission)
      .then(verdict)
      .catch(() => BROKEN)
  } catch {
    return BROKEN
  }
}

function verdict({ status, text, userId, metadata }: Admission): ZapVerdict {
  if (status === 300 || status === 400 || status === 500) {
    return { is: 'reply', status, ...(text === undefined ? {} : { text }) }
  }
  if (status !== 200) return invalid('ZAP_INVALID_STATUS_CODE')
  const properties = Object.entries(metadata ?? {}).map(
    ([name, value]) => [name, typeof value === 'string' ? Buffer.from(value) : value] as const,
  )
  return { is: 'reply', status, userId: userId ?? '', metadata: new Map(properties) }
}

async function converse(line: ZapLine, candidate: Candidate, signal: AbortSignal | undefined): Promise<ZapVerdict> {
  try {
    await line.send(encodeQuestion(candidate), signal)
    return decodeReply(await line.receive(signal))
  } catch {
    // The handshake is over, the context closes, or the handler cannot be sent to. Whoever cannot be asked about stays out.
    return BROKEN
  } finally {
    line.close()
  }
}

function string(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString()
}

function invalid(error: ProtocolError): ZapVerdict {
  return { is: 'invalid', error }
}

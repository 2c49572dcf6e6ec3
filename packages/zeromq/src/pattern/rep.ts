import { takeEnvelope } from './envelope.ts'
import { FairQueue } from './fair-queue.ts'
import type { Host, Incoming, Outgoing, Pattern, Peer, Sent, Verdict } from './pattern.ts'

/**
 * REP (RFC 28): a request, then the reply to whoever asked, in turn. A reply that its peer cannot take (gone, full) is
 * dropped; a request without a delimiter is dropped.
 */
export class RepPattern implements Pattern {
  readonly type = 'REP'
  readonly commands = false
  readonly #in = new FairQueue()
  #state: State = READY

  constructor(_host: Host) {}

  get canSend(): boolean {
    return this.#state.is === 'owing'
  }

  get canReceive(): boolean {
    if (this.#state.is === 'owing') return false
    if (this.#state.is === 'ready') this.#state = this.#take()
    return this.#state.is === 'asked'
  }

  get barred(): 'EFSM' | undefined {
    return this.#state.is === 'owing' ? 'EFSM' : undefined
  }

  send(message: Outgoing): Sent {
    const state = this.#state
    if (state.is !== 'owing') return 'EFSM'
    this.#state = READY
    return state.to?.write(message, state.envelope) === true ? 'accept' : 'drop'
  }

  receive(): Incoming | undefined {
    if (!this.canReceive || this.#state.is !== 'asked') return undefined
    const { request, envelope, to } = this.#state
    this.#state = { is: 'owing', envelope, to }
    return request
  }

  get last(): Peer | undefined {
    return this.#in.last
  }

  attach(peer: Peer): Verdict {
    this.#in.attach(peer)
    return 'accept'
  }

  linked(): Verdict {
    return 'accept'
  }

  unlinked(): void {}

  detach(peer: Peer): void {
    this.#in.detach(peer)
    if (this.#state.is !== 'ready' && this.#state.to === peer) this.#state.to = undefined
  }

  writable(): void {}

  readable(peer: Peer): void {
    this.#in.readable(peer)
  }

  #take(): State {
    for (let request = this.#in.take(); request !== undefined; request = this.#in.take()) {
      const envelope = takeEnvelope(request)
      if (envelope !== undefined) return { is: 'asked', request, envelope, to: this.#in.last }
    }
    return READY
  }
}

interface Asker {
  readonly envelope: readonly Uint8Array[]
  /** Undefined: gone. */
  to: Peer | undefined
}

type State = { is: 'ready' } | ({ is: 'asked'; readonly request: Incoming } & Asker) | ({ is: 'owing' } & Asker)

const READY: State = { is: 'ready' }

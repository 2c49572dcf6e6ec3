import { internals } from '../socket.ts'
import type { Dealer, Message as Frame } from '../sockets.ts'
import type { Outcome } from './ledger.ts'
import { encode, JOINED, type FromConsumer } from './protocol.ts'

/** A message that a publisher handed to this consumer. */
export interface Given {
  readonly sequence: number
  readonly attempt: number
  readonly redelivered: boolean
  readonly topic: string
  readonly frames: readonly Frame[]
}

/** Messages that are taken from the socket in one turn. */
const BATCH = 256

/** The consuming side of acknowledged delivery: a DEALER that tells what it wants, how much, and what became of it. */
export class AckedConsumer {
  readonly #socket: Dealer
  readonly #take: (batch: readonly Given[]) => void
  #state: 'running' | 'paused' | 'stopped' = 'running'

  /** `gone`: the publisher is, and what is un-settled goes to others. */
  constructor(socket: Dealer, on: { take(batch: readonly Given[]): void; gone(): void }) {
    this.#socket = socket
    this.#take = batch => on.take(batch)
    socket.events.on('disconnect', () => {
      if (this.#state === 'stopped') return
      this.stop()
      on.gone()
    })
  }

  /** Resolves when the publisher knows what is wanted; false: there is another kind of peer. */
  async join(wish: Omit<Extract<FromConsumer, { is: 'join' }>, 'is'>, signal: AbortSignal): Promise<boolean> {
    this.#say({ is: 'join', ...wish })
    const [answer] = await internals(this.#socket).receive(signal)
    if (String(answer) !== JOINED) return false
    void this.#run()
    return true
  }

  credit(count: number): void {
    this.#say({ is: 'credit', count })
  }

  settle(settlements: readonly (readonly [sequence: number, outcome: Outcome, delay: number])[]): void {
    if (settlements.length > 0) this.#say({ is: 'settle', settlements })
  }

  /** What comes from now on goes back. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  stop(): void {
    this.#state = 'stopped'
    this.#socket.close()
  }

  #say(instruction: FromConsumer): void {
    if (!this.#socket.closed) internals(this.#socket).trySend(encode(instruction), undefined)
  }

  async #run(): Promise<void> {
    while (this.#state !== 'stopped') {
      let messages: Frame[][]
      try {
        messages = await internals(this.#socket).receiveMany(BATCH)
      } catch {
        return // closed
      }
      const batch = messages.map(given)
      if (this.#state === 'running') this.#take(batch)
      else this.settle(batch.map(({ sequence }) => [sequence, 'release', 0] as const))
    }
  }
}

function given([place, topic, ...frames]: readonly Frame[]): Given {
  const [sequence, attempt, redelivered] = JSON.parse(String(place)) as [number, number, boolean]
  return { sequence, attempt, redelivered, topic: String(topic), frames }
}

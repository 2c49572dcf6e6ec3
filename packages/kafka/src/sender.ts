import { Producer, producerSendsChannel } from '@platformatic/kafka'
import type { BaseOptions, Connection } from '@platformatic/kafka'
import { Sequences } from './out-batch.ts'
import type { Identity } from './out-batch.ts'
import type { Lane } from './job.ts'
import { produceApi } from './produce.ts'
import type { BatchMessage } from './produce.ts'
import { sendBy } from './rpc.ts'
import type { Api } from './rpc.ts'

/** ms that the server may take to answer. */
const PATIENCE = 10_000

type Done = (error: unknown) => void
/** What the client's producer calls a Produce with: acks, timeout, batches, who we are, and what is to happen then. */
type Call = readonly [
  acks: number,
  timeout: number,
  batches: readonly BatchMessage[],
  by: Identity,
  then: (error: Error | null, response: unknown) => void,
]

/** How the last request to a partition went, which was answered well. */
interface Way {
  readonly api: Api
  readonly connection: Connection
  readonly acks: number
  readonly timeout: number
  readonly by: Identity
}

/**
 * One idempotent producer of the client's. It finds out who leads, who we are and how to connect, and tries again until
 * it succeeds: that costs it more than the request does. So requests go the way that the last one took for as long as
 * they are answered well, and by the producer otherwise: their batches keep their sequence numbers, by which the server
 * knows what it has. Where the producer's metrics or its diagnostics channel are used it is shown them all.
 */
export class Sender {
  readonly #producer: Producer
  readonly #counted: boolean
  #ways = new WeakMap<Lane, Way>()

  /** `cut` is told whenever one of its connections has ended. */
  constructor(base: BaseOptions, cut: () => void) {
    this.#counted = base.metrics !== undefined
    this.#producer = new Producer({
      ...base,
      idempotent: true,
      // A link that is silent is given up, and another tried: no request of a producer takes as long as a JoinGroup may.
      requestTimeout: Math.min(base.requestTimeout ?? PATIENCE, PATIENCE),
      retries: true,
      retryDelay: 100,
    })
    this.#producer.on('client:broker:disconnect', cut)
    const sequences = new Sequences()
    sendBy(this.#producer, 'Produce', version => this.#noting(produceApi(version, sequences)))
  }

  /** Calls `done` once, with what the client's producer failed of where it did. One call at a time keeps the order. */
  send(batches: readonly BatchMessage[], done: Done): void {
    const way = this.#way(batches)
    if (!way) return this.#byProducer(batches, done)
    const { api, connection, acks, timeout, by } = way
    api(connection, acks, timeout, batches, by, (error: Error | null) => {
      if (!error) return done(undefined)
      this.#ways = new WeakMap()
      this.#byProducer(batches, done)
    })
  }

  /** Disconnects; what is not answered fails. */
  async close(): Promise<void> {
    await this.#producer.close(true).catch(() => undefined) // nothing is left to lose
  }

  /** Of all these batches, if they have one in common. */
  #way(batches: readonly BatchMessage[]): Way | undefined {
    if (this.#counted || producerSendsChannel.hasSubscribers) return undefined
    let way: Way | undefined
    for (const { value } of batches) {
      const its = this.#ways.get(value.lane)
      if (!its || (way && its.connection !== way.connection)) return undefined
      way = its
    }
    return way?.connection.isConnected() ? way : undefined
  }

  #byProducer(batches: readonly BatchMessage[], done: Done): void {
    // Said here too that it is idempotent: only then is the client another producer after a failure.
    this.#producer.send({ messages: batches as never, idempotent: true }, error => done(error ?? undefined))
  }

  /** The same, and notes which way it went where it was answered well. */
  #noting(api: Api): Api {
    const noting = (connection: Connection, ...call: unknown[]): void => {
      const [acks, timeout, batches, by, then] = call as unknown as Call
      api(connection, acks, timeout, batches, by, (error: Error | null, response: unknown) => {
        if (!error) for (const { value } of batches) this.#ways.set(value.lane, { api, connection, acks, timeout, by })
        then(error, response)
      })
    }
    return Object.assign(noting, { version: api.version })
  }
}

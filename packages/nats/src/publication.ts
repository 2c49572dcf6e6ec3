import type { Msg } from '@nats-io/transport-node'
import type { Failure, Message } from 'millrace'
import { ours } from './errors.ts'
import type { Asker } from './replies.ts'

const STORED = Buffer.from('{"stream":')

/** One call of write: it ends when the stream has answered for each of its messages. */
export class Publication implements Asker {
  readonly #topic: string
  readonly #batch: readonly Message[]
  readonly #end: (failures: readonly Failure[]) => void
  readonly #failures: Failure[] = []
  #left: number

  constructor(topic: string, batch: readonly Message[], end: (failures: readonly Failure[]) => void) {
    this.#topic = topic
    this.#batch = batch
    this.#left = batch.length
    this.#end = end
  }

  answered({ data }: Msg, index: number): void {
    if (startsWith(data, STORED)) this.#done()
    else this.failed(refusal(data), index)
  }

  failed(thrown: Error, index: number): void {
    const error = ours(thrown, `publish to '${this.#topic}'`)
    const outcome = error.code === 'DISCONNECTED' || error.code === 'TIMEOUT' ? 'unknown' : 'refused'
    this.#failures.push({ index, id: this.#batch[index]?.id ?? '', outcome, error })
    this.#done()
  }

  #done(): void {
    if (--this.#left > 0) return
    this.#end(this.#failures.length > 1 ? this.#failures.sort((a, b) => a.index - b.index) : this.#failures)
  }
}

function startsWith(data: Uint8Array, text: Uint8Array): boolean {
  if (data.length < text.length) return false
  for (let i = 0; i < text.length; i++) if (data[i] !== text[i]) return false
  return true
}

/** What JetStream says instead (ADR-1): `{"type":…,"error":{"code":…,"err_code":…,"description":…}}`. */
function refusal(data: Uint8Array): Error {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString()
  try {
    const { error } = JSON.parse(text) as { error?: { err_code?: number; description?: string } }
    if (error) return Object.assign(new Error(error.description ?? 'refused'), { name: 'JetStreamApiError', code: error.err_code }) // prettier-ignore
  } catch {
    // It is told below.
  }
  return new Error(`the stream answered '${text.slice(0, 200)}'`)
}

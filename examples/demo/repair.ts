import { provenance, text, withoutProvenance } from 'millrace'
import type { Broker, Message, Provenance } from 'millrace'
import { Flights } from './topics.ts'

/** A dead letter and what it tells. */
export interface DeadLetter {
  readonly id: string
  readonly payload: string
  readonly history: Provenance | undefined
}

/** Takes every dead letter of `enrich` and publishes it again, as it was before it died. */
export async function replayDeadLetters(
  broker: Broker,
  stamp: (id: string) => void,
  signal: AbortSignal,
): Promise<DeadLetter[]> {
  const letters = await broker.subscribe(`${Flights.name}.enrich.dead`, { group: 'repair', from: 'earliest', signal })
  const replayed: DeadLetter[] = []
  for (let letter = letters.tryReceive(); letter; letter = letters.tryReceive()) {
    const { message } = letter
    replayed.push({ id: message.id, payload: text(message), history: provenance(message) })
    stamp(message.id)
    await broker.publish(Flights.name, marked(withoutProvenance(message)), { signal })
    letter.ack()
  }
  await letters.close()
  return replayed
}

/** So that the order watch knows that it comes late. */
function marked(message: Message): Message {
  return { ...message, metadata: { ...message.metadata, repaired: 'yes' } }
}

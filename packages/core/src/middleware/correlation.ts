import type { Message } from '../contract.ts'
import { checkedMetadata } from '../message.ts'
import type { Attempt, Context, Middleware } from '../handler.ts'

/** The metadata of a message that says to which chain it belongs. */
export const CORRELATION_ID = 'correlation_id'
/** The metadata of a message that says of which message it is a consequence. */
export const CAUSATION_ID = 'causation_id'

/** Which metadata key a chain of messages shares, and how one begins. */
export interface CorrelationOptions {
  /** The metadata key of the chain's id. Default 'correlation_id'. */
  readonly key?: string
  /** The id where the incoming message has none. Default: the incoming message's id. */
  readonly generate?: (message: Message) => string
}

/** Gives everything that the handler publishes the incoming message's correlation id, and its id as the causation id. */
export function correlation<C extends Attempt = Context>(options: CorrelationOptions = {}): Middleware<C> {
  const { key = CORRELATION_ID, generate = ({ id }: Message) => id } = options
  const stamp = (message: Message, { cause }: Attempt): Message => stamped(message, cause, key, generate)
  return next => (value, context) => {
    context.mapOutputs(stamp)
    return next(value, context)
  }
}

/** The message's chain, where it says so. */
export function correlationId(message: Message, key: string = CORRELATION_ID): string | undefined {
  return message.metadata[key]
}

/** The outgoing message with the ids that follow from the incoming one; those that it has already stay. */
export function stamped(
  outgoing: Message,
  incoming: Message,
  key: string = CORRELATION_ID,
  generate: (message: Message) => string = ({ id }) => id,
): Message {
  const { metadata } = outgoing
  if (metadata[key] !== undefined && metadata[CAUSATION_ID] !== undefined) return outgoing
  const chain = incoming.metadata[key] ?? generate(incoming)
  const ids =
    key === CORRELATION_ID
      ? { correlation_id: chain, causation_id: incoming.id, ...metadata } // the usual case, without computed keys
      : { [key]: chain, [CAUSATION_ID]: incoming.id, ...metadata }
  // Checked here, so that the publish need not copy it once more.
  return { ...outgoing, metadata: checkedMetadata(ids, 'publish') }
}

import { fit } from '../adapter/dead-letter.ts'
import { callable, known, method } from '../bounds.ts'
import type { Message, Publisher } from '../contract.ts'
import { asError, isMillraceError, MillraceError } from '../errors.ts'
import type { Context, Middleware } from '../handler.ts'
import { METADATA_BYTES } from '../message.ts'
import { checkTopic } from '../names.ts'
import { perDelivery } from '../policy/per-delivery.ts'
import { isThenable } from '../thenable.ts'

/** Why: the error's message. Watermill's name. */
export const REASON_POISONED = 'reason_poisoned'
/** The topic it came from. Watermill's name. */
export const TOPIC_POISONED = 'topic_poisoned'
/** The handler that failed. Watermill's name. */
export const HANDLER_POISONED = 'handler_poisoned'
/** The broker it came from. Watermill's name. */
export const SUBSCRIBER_POISONED = 'subscriber_poisoned'

const OPTIONS = { publisher: true, topic: true, when: true } satisfies Record<keyof PoisonQueueOptions, true>

/** Where poisoned messages go, and which they are. */
export interface PoisonQueueOptions {
  readonly publisher: Publisher
  readonly topic: string
  /** Which errors poison a message; the others fail as ever. Default: all. */
  readonly when?: (error: Error, context: Context) => boolean
}

/** Bytes of the reason that are kept at most, and fewer where the message's own metadata leaves less room. */
const REASON_BYTES = 1024

/**
 * Publishes a message that failed (after all retries) to a topic of poisoned ones and acks it; what the handler returned
 * is not published. Where that publish fails too, so does the delivery. A message that was only given back (open breaker,
 * close, loss) is not poisoned. @throws INVALID_TOPIC, BAD_OPTION
 */
export function poisonQueue(options: PoisonQueueOptions): Middleware {
  known('poisonQueue', options, OPTIONS)
  const { publisher, topic, when = () => true } = options
  checkTopic(topic)
  method('poisonQueue: publisher.publish', (publisher as Partial<Publisher> | null | undefined)?.publish)
  callable('poisonQueue: when', options.when)
  const poison = async (thrown: unknown, context: Context): Promise<undefined> => {
    const error = asError(thrown)
    if (isMillraceError(error, 'BREAKER_OPEN') || context.signal.aborted || !when(error, context)) throw error
    try {
      await publisher.publish(topic, poisoned(context, error))
    } catch (failure) {
      throw new MillraceError('PUBLISH_FAILED', `'${topic}' did not take the poisoned message`, {
        cause: new AggregateError([failure, error], 'the publish failed after the handler'),
      })
    }
    context.logger.log('warn', 'poisoned', { error, topic, message: context.delivery.message.id })
    return undefined
  }
  return perDelivery(next => (value, context) => {
    try {
      const result = next(value, context)
      return isThenable(result) ? result.then(undefined, (error: unknown) => poison(error, context)) : result
    } catch (error) {
      return poison(error, context)
    }
  })
}

function poisoned(context: Context, error: Error): Message {
  const { message, topic } = context.delivery
  const metadata: Record<string, string> = {
    ...message.metadata,
    [REASON_POISONED]: '',
    [TOPIC_POISONED]: topic,
    [HANDLER_POISONED]: context.handler,
    [SUBSCRIBER_POISONED]: context.subscriber,
  }
  const room = METADATA_BYTES - size(metadata)
  metadata[REASON_POISONED] = fit(error.message, Math.max(0, Math.min(room, REASON_BYTES)))
  return { ...message, metadata: Object.freeze(metadata) }
}

/** What counts of it: the history of a dead letter has room of its own. */
function size(metadata: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const [key, value] of Object.entries(metadata))
    if (!key.toLowerCase().startsWith('millrace-')) bytes += key.length + Buffer.byteLength(value)
  return bytes
}

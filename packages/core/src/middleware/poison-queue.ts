import type { Message, Publisher } from '../contract.ts'
import { asError, isMillraceError, MillraceError } from '../errors.ts'
import type { Context, Middleware } from '../handler.ts'
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

/** Where poisoned messages go, and which they are. */
export interface PoisonQueueOptions {
  readonly publisher: Publisher
  readonly topic: string
  /** Which errors poison a message; the others fail as ever. Default: all. */
  readonly when?: (error: Error, context: Context) => boolean
}

/** Characters of the reason that are kept: all metadata has 8 KiB. */
const REASON_LENGTH = 1024

/**
 * Publishes a message that failed (after all retries) to a topic of poisoned ones and acks it; what the handler returned
 * is not published. Where that publish fails too, so does the delivery. A message that was only given back (open breaker,
 * close, loss) is not poisoned. @throws INVALID_TOPIC
 */
export function poisonQueue(options: PoisonQueueOptions): Middleware {
  const { publisher, topic, when = () => true } = options
  if (topic === '') throw new MillraceError('INVALID_TOPIC', 'poisonQueue: a topic is wanted')
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
  return {
    ...message,
    metadata: Object.freeze({
      ...message.metadata,
      [REASON_POISONED]: error.message.slice(0, REASON_LENGTH).replaceAll('\0', '').toWellFormed(),
      [TOPIC_POISONED]: topic,
      [HANDLER_POISONED]: context.handler,
      [SUBSCRIBER_POISONED]: context.subscriber,
    }),
  }
}

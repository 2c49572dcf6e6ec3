import type { Broker, Delivery, Message, PublishOptions } from 'millrace'
import { aborted, isMillraceError, known, MillraceError } from 'millrace/adapter'
import type { Errand, Errands } from './questions.ts'

/** How long a request waits for its answer, or an answer for its way out. */
export type RequestOptions = Pick<PublishOptions, 'signal' | 'timeout'>

/** Core NATS: the contract, and request and reply beside it. What `connect('nats://…')` gives is one, too. */
export interface NatsBroker extends Broker {
  /**
   * Publishes, and resolves to the first answer; whoever else answers is not heard. Checked before it is sent as a publish
   * is, and rejects as one does, with these plain instead of in a PUBLISH_FAILED: NO_ROUTE when nobody listens; TIMEOUT
   * when no answer came within `timeout` (default 30,000 ms); ABORTED; AUTH; DISCONNECTED when the connection broke before
   * the answer, and CLOSED when the broker closed. But for NO_ROUTE and AUTH the request may have been handled.
   */
  request(topic: string, message: Message, options?: RequestOptions): Promise<Message>
  /**
   * Answers whoever sent the delivery by a request; this settles nothing. Resolves when the answer has reached the server:
   * nobody learns whether it is still waited for. @throws NO_ROUTE where the delivery came by no request (it has no
   * `origin.reply`); else as `request`
   */
  respond(delivery: Delivery, message: Message, options?: RequestOptions): Promise<void>
}

const OPTIONS = { signal: true, timeout: true } satisfies Record<keyof RequestOptions, true>
/** Stands for the reply subject, whose name need not be one of a topic. */
const REPLY = 'reply'

/** The broker with request and reply: its driver finds in `errands` what is more than a publish. */
export function requestReply(broker: Broker, errands: Errands): NatsBroker {
  const send = async (topic: string, message: Message, errand: Errand, options: RequestOptions): Promise<void> => {
    known(errand.is, options, OPTIONS)
    if (options.signal?.aborted) throw aborted(options.signal, errand.is)
    const own = { ...message } // the same message may be on another errand
    errands.set(own, errand)
    try {
      await broker.publish(topic, own, options)
    } catch (error) {
      throw isMillraceError(error, 'PUBLISH_FAILED') ? (error.failures[0]?.error ?? error) : error
    }
  }
  return Object.assign(broker, {
    async request(topic: string, message: Message, options: RequestOptions = {}): Promise<Message> {
      const errand: Errand & { is: 'request' } = { is: 'request' }
      await send(topic, message, errand, options)
      return errand.answer! // the write ended well
    },
    async respond(delivery: Delivery, message: Message, options: RequestOptions = {}): Promise<void> {
      const subject = delivery.origin['reply']
      if (typeof subject !== 'string' || !/^\S+$/.test(subject))
        throw new MillraceError('NO_ROUTE', 'nats: the message came by no request: nobody waits for an answer to it')
      await send(REPLY, message, { is: 'reply', subject }, options)
    },
  })
}

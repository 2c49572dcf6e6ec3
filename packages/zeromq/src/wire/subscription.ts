import { encodeCommand } from './command.ts'
import { COMMAND, headerSize, writeHeader } from './frame.ts'

/** Who tells whom what: SUB and XSUB subscribe by prefix, DISH joins groups. */
export type SubscriptionVerb = 'SUBSCRIBE' | 'CANCEL' | 'JOIN' | 'LEAVE'

/**
 * A subscription as a whole frame of ZMTP 2 and 3 (RFC 37 §3.4): a command for ZMTP 3.1 peers, and for JOIN and LEAVE
 * always; for older peers a message.
 *
 *     subscribe = %d9 "SUBSCRIBE" topic           ; 3.1
 *     cancel    = %d6 "CANCEL" topic
 *     message   = %x01 topic | %x00 topic         ; 2.0, 3.0
 */
export function encodeSubscription(verb: SubscriptionVerb, topic: Uint8Array, form: 'command' | 'message'): Uint8Array {
  const message = form === 'message' && (verb === 'SUBSCRIBE' || verb === 'CANCEL')
  const body = message ? subscriptionMessage(verb === 'SUBSCRIBE', topic) : encodeCommand(verb, topic)
  const frame = new Uint8Array(headerSize(body.length) + body.length)
  frame.set(body, writeHeader(frame, 0, message ? 0 : COMMAND, body.length))
  return frame
}

/** A subscription as a message's body, the form that XPUB and XSUB show to the application too. */
export function subscriptionMessage(subscribe: boolean, topic: Uint8Array): Uint8Array {
  const body = new Uint8Array(1 + topic.length)
  body[0] = subscribe ? 1 : 0
  body.set(topic, 1)
  return body
}

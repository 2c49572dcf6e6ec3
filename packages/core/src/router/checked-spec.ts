import { callable, known } from '../bounds.ts'
import { subscribePlan } from '../adapter/options.ts'
import type { SubscribeOptions, Subscriber } from '../contract.ts'
import { isMillraceError, MillraceError } from '../errors.ts'
import { checkTopic } from '../names.ts'
import type { BatchSpec, HandlerSpec } from './spec.ts'
import type { Input, ReadTopic } from './topic.ts'
import { isTopic, nameOf } from './topic.ts'

type Spec = (HandlerSpec<unknown> | BatchSpec<unknown>) & { readonly topic: Input | ReadTopic<unknown> }

const SINGLE = {
  topic: true, subscriber: true, group: true, publisher: true, publishTopic: true, concurrency: true, orderBy: true,
  retry: true, redeliver: true, deadLetter: true, timeout: true, throttle: true, breaker: true, bulkhead: true, dedupe: true,
  atomic: true, subscribe: true,
} satisfies Record<keyof HandlerSpec<unknown> | 'topic', true> // prettier-ignore
const BATCH = { ...SINGLE, batch: true } satisfies Record<keyof BatchSpec<unknown> | 'topic', true>
const BATCH_BOUNDS = { size: true, within: true } satisfies Record<keyof BatchSpec['batch'], true>
/** Options of a subscription that the spec has a word of its own for. */
const SAID_OTHERWISE = {
  group: 'group', maxDeliveries: 'redeliver.attempts', backoff: 'redeliver.backoff', deadLetter: 'deadLetter',
  redelivery: 'orderBy', signal: 'close() or run({ signal })',
} as const // prettier-ignore

/** What can be seen to be wrong with a spec before anything is subscribed. @throws BAD_OPTION */
export function checkSpec(name: string, spec: Spec): void {
  const what = `handler '${name}'`
  known(what, spec, 'batch' in spec ? BATCH : SINGLE)
  if ('batch' in spec) known(`${what}: batch`, spec.batch, BATCH_BOUNDS)
  const { subscriber, publisher, publishTopic } = spec
  if (typeof (subscriber as Partial<Subscriber> | undefined)?.subscribe !== 'function')
    throw new MillraceError('BAD_OPTION', `${what}: subscriber is a broker, or what subscribes like one`)
  if (publisher !== undefined && typeof (publisher as { publish?: unknown } | null)?.publish !== 'function')
    throw new MillraceError('BAD_OPTION', `${what}: publisher is a broker, or what publishes like one`)
  if (publishTopic !== undefined) checkTopic(nameOf(publishTopic))
  if ('orderBy' in spec) callable(`${what}: orderBy`, spec.orderBy)
  if ('atomic' in spec && spec.atomic !== undefined && typeof spec.atomic !== 'boolean')
    throw new MillraceError('BAD_OPTION', `${what}: atomic is true or false`)
  for (const [option, word] of Object.entries(SAID_OTHERWISE))
    if (spec.subscribe?.[option as never] !== undefined)
      throw new MillraceError('BAD_OPTION', `${what}: subscribe has no '${option}' here; say ${word} beside it`)
}

/** Whether its subscriber would take these options. What else may be wrong comes out when it subscribes. @throws BAD_OPTION */
export function checkSubscription(subscriber: Subscriber, topic: Spec['topic'], options: SubscribeOptions): void {
  try {
    subscribePlan('the broker', subscriber.capabilities, isTopic(topic) ? topic.name : topic, options)
  } catch (error) {
    if (isMillraceError(error, 'BAD_OPTION')) throw error
  }
}

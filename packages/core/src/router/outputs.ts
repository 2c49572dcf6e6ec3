import type { Message, Name, PublishOptions, Publisher } from '../contract.ts'
import type { Backoff } from '../adapter/backoff.ts'
import type { Clock } from '../clock/clock.ts'
import { asError, CODES, isMillraceError, MillraceError } from '../errors.ts'
import type { Attempt, OutputMap } from '../handler.ts'
import { sleep } from '../policy/sleep.ts'
import { followed, telemetry, traced } from '../telemetry.ts'
import type { PublishEvent } from '../telemetry.ts'
import { isThenable } from '../thenable.ts'
import { asList, encoded, isOutgoing } from './output.ts'
import type { WriteTopic } from './topic.ts'
import { nameOf } from './topic.ts'

/** What the outputs of a handler need to get out. */
export interface OutputsOptions {
  readonly handler: string
  readonly publisher: Publisher | undefined
  readonly publishTopic: Name | WriteTopic<unknown> | undefined
  /** Calls of `publish` for the same outputs, 1 or more: the publish is retried, not the handler. */
  readonly attempts: number
  readonly wait: Backoff
  readonly clock: Clock
}

/** Something to be published, before it is known with what else. */
interface Parcel {
  readonly topic: string
  readonly message: Message | Promise<Message>
  readonly options: PublishOptions | undefined
}

/** A handler's way out: encodes, groups by topic, publishes, and publishes again what was not accepted. */
export class Outputs {
  readonly #options: OutputsOptions

  constructor(options: OutputsOptions) {
    this.#options = options
  }

  /** Publishes what a handler returned: one call for each topic, in the order of first mention. Undefined: there was nothing. */
  send(result: unknown, context: OutputContext): Promise<void> | undefined {
    const list = asList(result)
    if (list.length === 0) return undefined
    if (list.length > 1) return this.#sendAll(list, context)
    const { topic, message, options } = this.#parcel(list[0])
    if (!isThenable(message)) return this.#persist(topic, [message], options, context)
    return message.then(message => this.#persist(topic, [message], options, context))
  }

  /** What `context.publish` does: one try, as the caller says. `last` is what every message goes through after the maps. */
  async publish(
    topic: Name | WriteTopic<unknown>,
    values: unknown,
    options: PublishOptions | undefined,
    context: OutputContext,
    last: OutputMap,
  ): Promise<void> {
    const messages: Message[] = []
    for (const value of asList(values)) messages.push(await encoded(topic, value))
    const out = mapped(messages, context).map(message => last(message, context))
    if (out.length > 0) await this.#publish(nameOf(topic), out, options, context)
  }

  async #sendAll(list: readonly unknown[], context: OutputContext): Promise<void> {
    const groups: { topic: string; options: PublishOptions | undefined; messages: Message[] }[] = []
    for (const output of list) {
      const { topic, message, options } = this.#parcel(output)
      let group = groups.find(one => one.topic === topic && one.options === options)
      if (!group) groups.push((group = { topic, options, messages: [] }))
      group.messages.push(isThenable(message) ? await message : message)
    }
    for (const { topic, messages, options } of groups) await this.#persist(topic, messages, options, context)
  }

  #parcel(output: unknown): Parcel {
    const { handler, publishTopic } = this.#options
    if (isOutgoing(output))
      return { topic: nameOf(output.topic), message: encoded(output.topic, output.value), options: output.options }
    if (publishTopic === undefined)
      throw new MillraceError(
        'BAD_OPTION',
        `handler '${handler}' returned something to publish and has no publishTopic; use to(topic, message)`,
      )
    return { topic: nameOf(publishTopic), message: encoded(publishTopic, output), options: undefined }
  }

  /** Publishes; and again what was not accepted, as long as that may help. */
  #persist(
    topic: string,
    messages: readonly Message[],
    options: PublishOptions | undefined,
    context: OutputContext,
  ): Promise<void> {
    const out = mapped(messages, context)
    let first: Promise<void>
    try {
      first = this.#publish(topic, out, options, context)
    } catch (error) {
      first = Promise.reject(error as Error) // a publisher that throws fails like one that rejects
    }
    if (context.transaction) return first // a transaction that failed is over
    return first.then(undefined, (error: unknown) => this.#again(topic, out, options, context, error))
  }

  async #again(
    topic: string,
    messages: readonly Message[],
    options: PublishOptions | undefined,
    context: OutputContext,
    thrown: unknown,
  ): Promise<void> {
    const { attempts, wait, clock } = this.#options
    let left = messages
    let failure = thrown
    for (let attempt = 1; ; attempt++) {
      const error = asError(failure)
      if (attempt >= attempts || !worthwhile(error)) throw error
      if (isMillraceError(error, 'PUBLISH_FAILED') && error.failures.length > 0) {
        const failed = new Set(error.failures.map(({ index }) => index))
        left = left.filter((_, index) => failed.has(index))
      }
      context.logger.log('warn', 'the outputs were not accepted; will publish them again', { error, topic, attempt })
      await sleep(clock, wait(attempt), context.signal)
      try {
        await this.#publish(topic, left, options, context)
        return
      } catch (again) {
        failure = again
      }
    }
  }

  #publish(
    topic: string,
    messages: readonly Message[],
    options: PublishOptions | undefined,
    context: OutputContext,
  ): Promise<void> {
    const { handler, publisher } = this.#options
    const { transaction } = context
    const send = (which: readonly Message[]): Promise<void> => {
      if (transaction) {
        if (options)
          throw new MillraceError(
            'UNSUPPORTED',
            `handler '${handler}' is atomic: a transaction takes no publish options`,
          )
        return transaction.publish(topic, which)
      }
      if (!publisher)
        throw new MillraceError('BAD_OPTION', `handler '${handler}' publishes to '${topic}' and has no publisher`)
      const [only] = which
      return publisher.publish(topic, which.length === 1 && only ? only : which, options)
    }
    if (!followed(telemetry.publish)) return send(messages)
    const event: PublishEvent = { handler, topic, messages }
    return Promise.resolve(traced(telemetry.publish, event, () => send(event.messages)) as Promise<void>)
  }
}

/** The part of a context that outputs look at. */
export interface OutputContext extends Attempt {
  /** What everything that is published passes through, in this order. */
  readonly maps: readonly OutputMap[] | undefined
}

function mapped(messages: readonly Message[], context: OutputContext): readonly Message[] {
  const { maps } = context
  if (maps === undefined) return messages
  return messages.map(message => maps.reduce((at, map) => map(at, context), message))
}

/** Whether publishing again may help. A failure with no part in it that may is final. */
function worthwhile(error: Error): boolean {
  if (!isMillraceError(error)) return true
  if (error.code === 'PUBLISH_FAILED' && error.failures.length > 0)
    return error.failures.every(({ error }) => !isMillraceError(error) || CODES[error.code].retry)
  return CODES[error.code].retry
}

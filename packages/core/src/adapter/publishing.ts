import type { Failure, Message, PublishOptions } from '../contract.ts'
import type { Clock } from '../clock/clock.ts'
import { Schedule } from '../clock/schedule.ts'
import { asError, isMillraceError, MillraceError } from '../errors.ts'
import { checkedMetadata, isCheckedMetadata } from '../message.ts'
import { checkTopic } from '../names.ts'
import { aborted, pause } from './abort.ts'
import type { Backoff } from './backoff.ts'
import type { Driver } from './driver.ts'
import type { Link } from './link.ts'
import { checkPublishOptions } from './options.ts'
import { Turn } from './turn.ts'
import { WriteRequest } from './write-request.ts'

/** Names whose form was checked already, up to so many. */
const NAMES = 50_000
const DONE: Promise<void> = Promise.resolve()

/** How messages leave: checked before anything is sent, then written, across outages, until the timeout. */
export class Publishing {
  readonly #driver: Driver
  readonly #link: Link
  readonly #clock: Clock
  readonly #deadlines: Schedule
  readonly #reconnect: Backoff
  readonly #turn = new Turn()
  readonly #names = new Set<string>()
  readonly #waiters: (() => void)[] = []
  #underWay = 0
  /** Of a publish without options that a driver answered at once. */
  #spare: WriteRequest | undefined

  constructor(driver: Driver, link: Link, clock: Clock, reconnect: Backoff) {
    this.#driver = driver
    this.#link = link
    this.#clock = clock
    this.#deadlines = new Schedule(clock, { idles: true })
    this.#reconnect = reconnect
  }

  /** @throws as `Broker.publish` rejects, for what is wrong before anything is sent */
  publish(topic: string, messages: Message | readonly Message[], options: PublishOptions | undefined): Promise<void> {
    const batch: readonly Message[] = Array.isArray(messages) ? messages : [messages as Message]
    this.check(topic, batch, options)
    if (batch.length === 0) return DONE
    const request = this.#request(options)
    if (!this.#link.up) return this.#track(this.#write(topic, batch, request, 1))
    let answer: readonly Failure[] | Promise<readonly Failure[]>
    try {
      answer = this.#driver.write(topic, batch, request)
    } catch (error) {
      request.end()
      throw error
    }
    if (answer instanceof Promise) return this.#answered(topic, batch, request, answer)
    if (options === undefined && request.idle) this.#spare = request
    else request.end()
    if (answer.length > 0) return Promise.reject(failed(topic, answer))
    return this.#turn.spend(batch.length) ? this.#turn.after(undefined) : DONE
  }

  /** Resolves when every publish under way has ended. */
  async settled(): Promise<void> {
    while (this.#underWay > 0) await new Promise<void>(resolve => this.#waiters.push(resolve))
  }

  /** Leaves no timer behind for what has ended. */
  close(): void {
    this.#deadlines.close()
  }

  /** @throws what is wrong with it, before anything is sent */
  check(topic: string, batch: readonly Message[], options: PublishOptions | undefined): void {
    if (this.#driver.knows ? !this.#driver.knows(topic) : !this.#names.has(topic)) this.#checkName(topic)
    const { name, capabilities } = this.#driver
    if (options !== undefined) {
      checkPublishOptions(name, capabilities, options, this.#clock.now())
      if (options.signal?.aborted) throw aborted(options.signal, 'publish')
    }
    const { maxBytes } = capabilities
    for (let i = 0; i < batch.length; i++) {
      const message = batch[i]! // i < length
      if (!isMessage(message)) throw noMessage(topic, i)
      const { payload, metadata } = message
      if (payload.length > maxBytes)
        throw new MillraceError(
          'TOO_LARGE',
          `publish to '${topic}': message ${message.id} has ${payload.length} bytes; ${name} takes ${maxBytes}`,
        )
      if (!isCheckedMetadata(metadata)) checkedMetadata(metadata, 'publish')
    }
  }

  #request(options: PublishOptions | undefined): WriteRequest {
    const spare = this.#spare
    if (options !== undefined || spare === undefined) return new WriteRequest(this.#clock, this.#deadlines, options)
    this.#spare = undefined
    return spare
  }

  #checkName(topic: string): void {
    checkTopic(topic)
    if (this.#driver.knows) return
    if (this.#names.size >= NAMES) this.#names.clear()
    this.#names.add(topic)
  }

  /** The usual way: waits for an answer with as few promises as will do. */
  #answered(
    topic: string,
    batch: readonly Message[],
    request: WriteRequest,
    answer: Promise<readonly Failure[]>,
  ): Promise<void> {
    this.#underWay++
    return new Promise((resolve, reject) => {
      const end = (failures: readonly Failure[]): void => {
        if (!request.end()) return
        this.#ended()
        if (failures.length === 0) resolve()
        else reject(failed(topic, failures))
      }
      request.onOver(error => giveUp(batch, error, end))
      answer.then(end, (error: unknown) => {
        if (isMillraceError(error, 'DISCONNECTED') && !request.over) {
          request.onOver(() => undefined) // from now on its signal is what is heeded
          this.#link.broken(error)
          resolve(this.#write(topic, batch, request, 2).finally(() => this.#ended()))
        } else if (request.end()) {
          this.#ended()
          reject(isMillraceError(error, 'PUBLISH_FAILED') ? error : refused(topic, batch, asError(error)))
        }
      })
    })
  }

  /** Writes when the link is up, and again, when it is back, what the driver says it did not send. */
  async #write(topic: string, batch: readonly Message[], request: WriteRequest, first: number): Promise<void> {
    try {
      for (let attempt = first; ; attempt++) {
        try {
          const write = this.#link.ready(request.signal).then(() => this.#driver.write(topic, batch, request))
          const failures = await settledOrOver(write, request, batch)
          if (failures.length > 0) throw failed(topic, failures)
          return
        } catch (error) {
          const again = isMillraceError(error, 'DISCONNECTED') && !request.over
          if (!again) {
            if (isMillraceError(error, 'PUBLISH_FAILED')) throw error
            throw refused(topic, batch, this.#link.explained(asError(error)))
          }
          this.#link.broken(error)
          if (attempt > 1) await pause(this.#clock, this.#reconnect(attempt), request.signal)
        }
      }
    } finally {
      request.end()
    }
  }

  #track(publish: Promise<void>): Promise<void> {
    this.#underWay++
    const ended = (): void => this.#ended()
    publish.then(ended, ended)
    return publish
  }

  #ended(): void {
    if (--this.#underWay > 0) return
    for (const waiter of this.#waiters.splice(0)) waiter()
  }
}

/** Callers without types give anything. */
function isMessage(given: Message | null | undefined): given is Message {
  return (
    given !== null &&
    given !== undefined &&
    given.payload instanceof Uint8Array &&
    typeof given.id === 'string' &&
    given.id !== '' &&
    (given.key === undefined || typeof given.key === 'string')
  )
}

function noMessage(topic: string, index: number): MillraceError {
  return new MillraceError(
    'INVALID_PAYLOAD',
    `publish to '${topic}': item ${index} is no message; make one with message()`,
  )
}

/** The driver's answer; when it is over before that 'unknown' for all, for some of it may be on its way. */
function settledOrOver(
  write: Promise<readonly Failure[]>,
  request: WriteRequest,
  batch: readonly Message[],
): Promise<readonly Failure[]> {
  return new Promise((resolve, reject) => {
    write.then(resolve, reject)
    request.onOver(error => giveUp(batch, error, resolve))
  })
}

/** A driver that heeds the signal answers more exactly: it has this turn of the event loop to do so. */
function giveUp(batch: readonly Message[], error: Error, end: (failures: readonly Failure[]) => void): void {
  setImmediate(() => end(batch.map(({ id }, index) => ({ index, id, outcome: 'unknown', error }))))
}

function failed(topic: string, failures: readonly Failure[]): MillraceError {
  const [first] = failures
  const more = failures.length > 1 ? ` and ${failures.length - 1} more` : ''
  return new MillraceError(
    'PUBLISH_FAILED',
    `publish to '${topic}': message ${first?.id}${more} was not accepted: ${first?.error.message}`,
    { failures, cause: first?.error },
  )
}

/** Nothing of the batch was sent. */
function refused(topic: string, batch: readonly Message[], error: Error): MillraceError {
  return failed(
    topic,
    batch.map(({ id }, index) => ({ index, id, outcome: 'refused', error })),
  )
}

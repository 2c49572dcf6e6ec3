import { broker } from '../adapter/broker.ts'
import type { BrokerOptions } from '../adapter/broker.ts'
import type { Driver, DriverTransaction, Sink, Source, WriteOptions } from '../adapter/driver.ts'
import type { Timer } from '../clock/clock.ts'
import { systemClock } from '../clock/system.ts'
import type { Broker, Failure, Message } from '../contract.ts'
import { milliseconds } from '../bounds.ts'
import { asError, MillraceError } from '../errors.ts'
import { admitting } from './admitting.ts'
import { FaultRules } from './faults.ts'
import type { Faults, NackFault, PublishFault } from './faults.ts'
import { passingDriver, passingSource } from './passing.ts'

/** A broker and the means to break it. */
export interface FaultyBroker {
  readonly broker: Broker
  readonly faults: Faults
  /** What does not rest: publishes on their way, and subscriptions that are not attached again yet. */
  readonly unrest: () => { readonly writes: number; readonly detached: number }
}

/**
 * A broker of this driver whose connection breaks, delays and fails when it is told to. The faults are beneath core:
 * what it does about them (reconnect, resubscribe, count, dead-letter) is what it does in production.
 */
export function faulty(inner: Driver, options?: BrokerOptions): FaultyBroker {
  const clock = inner.clock ?? systemClock
  const rules = new FaultRules()
  const live = new Map<Sink, Source>()
  const detached = new Set<Sink>()
  const sources = new WeakMap<Source, Source>()
  let cut: { readonly timer: Timer | undefined } | undefined
  let writes = 0

  const whole = (): void => {
    if (cut) throw new MillraceError('DISCONNECTED', 'the connection is cut')
  }

  const written = (
    topic: string,
    batch: readonly Message[],
    how: WriteOptions,
  ): readonly Failure[] | Promise<readonly Failure[]> => {
    const fault = rules.take('fail', topic, batch) as PublishFault | undefined
    if (fault) return failing(inner, topic, batch, how, fault)
    const answer = inner.write(topic, batch, how)
    if (!rules.take('duplicate', topic, batch)) return answer
    return Promise.all([answer, inner.write(topic, batch, how)]).then(([first]) => first)
  }

  const counted = <T>(work: Promise<T>): Promise<T> => {
    writes++
    return work.finally(() => writes--)
  }

  const driver = passingDriver(inner, {
    async open(signal) {
      whole()
      await inner.open(signal)
    },
    async declare(topic, how, signal) {
      whole()
      await inner.declare(topic, how, signal)
    },
    write(topic, batch, how) {
      if (cut) return Promise.reject(new MillraceError('DISCONNECTED', 'the connection is cut'))
      const late = rules.take('delay', topic, batch) as { readonly ms: number } | undefined
      if (!late) return written(topic, batch, how)
      return new Promise<readonly Failure[]>((resolve, reject) => {
        const onAbort = (): void => {
          timer.cancel()
          resolve(batch.map(({ id }, index) => ({ index, id, outcome: 'refused', error: asError(how.signal.reason) })))
        }
        const timer = clock.after(late.ms, () => {
          how.signal.removeEventListener('abort', onAbort)
          Promise.resolve().then(() => (whole(), written(topic, batch, how))).then(resolve, reject) // prettier-ignore
        })
        how.signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    async attach(spec, sink, signal) {
      whole()
      let dead = false
      const own = await inner.attach(
        spec,
        {
          deliver: batch => dead || sink.deliver(batch),
          ready: () => !dead && sink.ready(),
          lost: which => dead || sink.lost(which),
          gap: why => dead || sink.gap(why),
          down: error => dead || sink.down(error),
        },
        signal,
      )
      if (cut) await own.stop(signal)
      whole()
      const outer = passingSource(own, {
        // What is said of a delivery after the cut reaches nobody.
        settle: batch => (dead ? undefined : own.settle(batch)),
        ...(own.take && { take: () => (dead ? undefined : own.take!()) }),
        ...(own.done && { done: raw => dead || own.done!(raw) }),
        ...(own.lend && { lend: () => (dead ? undefined : own.lend!()) }),
        ...(own.keep && { keep: raw => dead || own.keep!(raw) }),
        async stop(end) {
          if (dead) return
          dead = true
          live.delete(sink)
          await own.stop(end)
        },
      })
      sources.set(outer, own)
      live.set(sink, outer)
      detached.delete(sink)
      return outer
    },
    ...(inner.transaction && {
      async transaction<T>(work: (transaction: DriverTransaction) => Promise<T>, signal: AbortSignal): Promise<T> {
        whole()
        return inner.transaction!(
          tx => work({ ...tx, write: (...all) => tx.write(...all), ack: (source, raw) => tx.ack(sources.get(source) ?? source, raw) }), // prettier-ignore
          signal,
        )
      },
    }),
  })

  const faults: Faults = {
    nackNext: (times = 1, fault = {}) => rules.add('nack', times, fault),
    failPublish: (times = 1, fault = {}) => rules.add('fail', times, fault),
    delayPublish(ms, times = 1, fault = {}) {
      milliseconds('delayPublish', ms, 0, Infinity)
      rules.add('delay', times, { ...fault, ms })
    },
    duplicate: (times = 1, fault = {}) => rules.add('duplicate', times, fault),
    disconnect({ for: ms } = {}) {
      if (ms !== undefined) milliseconds('disconnect: for', ms, 0, Infinity)
      if (cut) return
      cut = { timer: ms === undefined ? undefined : clock.after(ms, () => faults.reconnect()) }
      const error = new MillraceError('DISCONNECTED', 'the connection was cut')
      const all = [...live]
      for (const [sink] of all) detached.add(sink)
      // Told before it is stopped: where the subscription stands is asked of the source.
      for (const [sink, source] of all) {
        source.pause()
        sink.down(error)
        void source.stop(AbortSignal.abort(error))
      }
    },
    reconnect() {
      cut?.timer?.cancel()
      cut = undefined
    },
    clear() {
      rules.clear()
      faults.reconnect()
    },
  }

  const admit = (delivery: Parameters<Parameters<typeof admitting>[1]>[0]): boolean => {
    const fault = rules.take('nack', delivery.topic, [delivery.message]) as NackFault | undefined
    if (!fault) return true
    const { error = new Error('nackNext: this delivery was made to fail'), delay } = fault
    delivery.nack({ error, ...(delay !== undefined && { delay }) })
    return false
  }
  const own = broker(driver, options)
  return {
    broker: {
      ...admitting(own, admit),
      publish: (topic, messages, how) => counted(own.publish(topic, messages, how)),
    },
    faults,
    unrest: () => ({ writes, detached: detached.size }),
  }
}

/** Writes what the fault leaves alone, and answers for the rest. */
async function failing(
  inner: Driver,
  topic: string,
  batch: readonly Message[],
  how: WriteOptions,
  fault: PublishFault,
): Promise<readonly Failure[]> {
  const { match = () => true, outcome = 'refused', stored = false } = fault
  const {
    error = outcome === 'refused'
      ? new MillraceError('QUEUE_FULL', 'failPublish: this publish was made to fail')
      : new MillraceError('TIMEOUT', 'failPublish: the answer to this publish was lost'),
  } = fault
  const kept = batch.map((message, index) => ({ message, index })).filter(({ message }) => stored || !match(message))
  const answer = kept.length > 0 ? await inner.write(topic, kept.map(({ message }) => message), how) : [] // prettier-ignore
  const own = answer.map(failure => ({ ...failure, index: kept[failure.index]?.index ?? failure.index }))
  const failed = batch.flatMap((message, index) => (match(message) ? [{ index, id: message.id, outcome, error }] : []))
  const known = new Set(failed.map(({ index }) => index))
  return [...failed, ...own.filter(({ index }) => !known.has(index))]
}

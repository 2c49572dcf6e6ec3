import type { AttachSpec, Driver, DriverTransaction, Raw, Sink, Source } from '../adapter/driver.ts'
import type { Clock } from '../clock/clock.ts'
import type { Failure, Message } from '../contract.ts'
import type { Journal } from './journal.ts'
import { passingDriver, passingSource } from './passing.ts'

/** The driver, with everything that passes through it written down. */
export function recorded(inner: Driver, journal: Journal, clock: Clock): Driver {
  const innermost = new WeakMap<Source, Source>()

  const note = (topic: string, batch: readonly Message[], failures: readonly Failure[]): readonly Failure[] => {
    const failed = new Set(failures.map(({ index }) => index))
    for (const [index, message] of batch.entries())
      if (!failed.has(index)) journal.published(topic, message, clock.now())
    return failures
  }

  return passingDriver(inner, {
    write(topic, batch, options) {
      const answer = inner.write(topic, batch, options)
      return answer instanceof Promise
        ? answer.then(failures => note(topic, batch, failures))
        : note(topic, batch, answer)
    },
    async attach(spec, sink, signal) {
      const source = watched(inner, journal, spec, sink, signal)
      const { outer, own } = await source
      innermost.set(outer, own)
      return outer
    },
    ...(inner.transaction && {
      async transaction<T>(work: (transaction: DriverTransaction) => Promise<T>, signal: AbortSignal): Promise<T> {
        const written: [string, readonly Message[]][] = []
        const acked: Raw[] = []
        const result = await inner.transaction!(tx => {
          written.length = acked.length = 0 // it may be tried again
          return work({
            native: tx.native,
            write: async (topic, batch) => {
              await tx.write(topic, batch)
              written.push([topic, batch])
            },
            ack: (source, raw) => {
              tx.ack(innermost.get(source) ?? source, raw)
              acked.push(raw)
            },
          })
        }, signal)
        for (const [topic, batch] of written) note(topic, batch, [])
        for (const raw of acked) journal.acked(raw)
        return result
      },
    }),
  })
}

async function watched(
  inner: Driver,
  journal: Journal,
  spec: AttachSpec,
  sink: Sink,
  signal: AbortSignal,
): Promise<{ outer: Source; own: Source }> {
  const inHand = new Set<Raw>()
  const handed = (raw: Raw): void => {
    inHand.add(raw)
    journal.handed(raw, spec.group)
  }
  const given = (raw: Raw | undefined): Raw | undefined => {
    if (raw) handed(raw)
    return raw
  }
  const lost = (which: Iterable<Raw>): void => {
    for (const raw of which) {
      inHand.delete(raw)
      journal.lost(raw)
    }
  }
  const own = await inner.attach(
    spec,
    {
      deliver(batch) {
        for (const raw of batch) handed(raw)
        sink.deliver(batch)
      },
      ready: () => sink.ready(),
      lost(which) {
        lost(which)
        sink.lost(which)
      },
      gap: why => sink.gap(why),
      down(error) {
        lost(inHand)
        sink.down(error)
      },
    },
    signal,
  )
  const outer = passingSource(own, {
    settle(batch) {
      for (const settlement of batch) {
        if (settlement.outcome !== 'hold') inHand.delete(settlement.raw)
        journal.settled(settlement)
      }
      return own.settle(batch)
    },
    async stop(signal) {
      lost(inHand) // whatever was not given back before
      await own.stop(signal)
    },
    ...(own.take && { take: () => given(own.take!()) }),
    ...(own.lend && { lend: () => given(own.lend!()) }),
    ...(own.done && {
      done(raw: Raw) {
        inHand.delete(raw)
        journal.acked(raw)
        own.done!(raw)
      },
    }),
  })
  return { outer, own }
}

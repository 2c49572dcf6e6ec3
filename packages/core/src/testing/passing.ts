import type { Driver, Source } from '../adapter/driver.ts'

/** A driver that does what the inner one does, except for what is given. What the inner one cannot do it cannot do. */
export function passingDriver(inner: Driver, own: Partial<Driver>): Driver {
  const all: Driver = {
    name: inner.name,
    capabilities: inner.capabilities,
    open: signal => inner.open(signal),
    declare: (topic, how, signal) => inner.declare(topic, how, signal),
    write: (topic, batch, options) => inner.write(topic, batch, options),
    attach: (spec, sink, signal) => inner.attach(spec, sink, signal),
    close: signal => inner.close(signal),
    ...(inner.subscribeOptions && { subscribeOptions: inner.subscribeOptions }),
    ...(inner.clock && { clock: inner.clock }),
    ...(inner.watch && { watch: lost => inner.watch!(lost) }),
    ...(inner.knows && { knows: topic => inner.knows!(topic) }),
    ...(inner.lag && { lag: (topic, group, signal) => inner.lag!(topic, group, signal) }),
    ...(inner.transaction && { transaction: (work, signal) => inner.transaction!(work, signal) }),
  }
  return { ...all, ...own }
}

/** A source that does what the inner one does, except for what is given. */
export function passingSource(inner: Source, own: Partial<Source>): Source {
  const all: Source = {
    settle: batch => inner.settle(batch),
    pause: () => inner.pause(),
    stop: signal => inner.stop(signal),
    ...(inner.request && { request: credit => inner.request!(credit) }),
    ...(inner.take && { take: () => inner.take!() }),
    ...(inner.done && { done: raw => inner.done!(raw) }),
    ...(inner.lend && { lend: () => inner.lend!() }),
    ...(inner.keep && { keep: raw => inner.keep!(raw) }),
    ...(inner.extend && { extend: (batch, lease) => inner.extend!(batch, lease) }),
    ...(inner.position && { position: () => inner.position!() }),
  }
  return { ...all, ...own }
}

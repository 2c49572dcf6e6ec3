import { examine, failures } from '@millrace/conformance'
import { message, retryPublisher, dedupePublisher, transformPublisher, transformSubscriber } from 'millrace'
import type { Broker, Publisher, Subscriber } from 'millrace'
import { memory } from 'millrace/memory'
import { expect, test } from 'vitest'

/** The memory broker with its publisher or its subscriber replaced by a decorated one. */
type Decorate = (inner: Broker) => Partial<Publisher & Subscriber>

const decorators: Readonly<Record<string, Decorate>> = {
  retryPublisher: inner => retryPublisher(inner),
  // Everything is new to it: what it leaves out otherwise, it leaves out on purpose.
  dedupePublisher: inner => dedupePublisher(inner, { key: () => message('').id }),
  transformPublisher: inner => transformPublisher(inner, one => ({ ...one })),
  transformSubscriber: inner => transformSubscriber(inner, one => ({ ...one })),
  'all of them': inner => ({
    ...transformSubscriber(transformSubscriber(inner, one => one), one => ({ ...one })), // prettier-ignore
    ...transformPublisher(retryPublisher(dedupePublisher(inner, { key: () => undefined })), one => one),
  }),
}

for (const [name, decorate] of Object.entries(decorators))
  test(`behind ${name} the memory broker keeps the contract`, async () => {
    const open = (): Broker => {
      const inner = memory()
      return Object.assign(inner, decorate(own(inner)))
    }

    const report = await examine({ name, open, abreast: 32, lease: 200 })

    expect(failures(report)).toEqual([])
    expect(report.results.filter(one => one.result === 'passed').length).toBeGreaterThan(100)
  }, 120_000)

/** The broker's own methods, kept apart from those that will replace them. */
function own(inner: Broker): Broker {
  return {
    ...inner,
    capabilities: inner.capabilities,
    publish: inner.publish.bind(inner),
    subscribe: inner.subscribe.bind(inner),
  }
}

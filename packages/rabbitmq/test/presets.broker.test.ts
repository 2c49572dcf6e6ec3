import { cases, conformance } from '@millrace/conformance'
import type { Case } from '@millrace/conformance'
import { start } from '@millrace/harness'
import type { Broker } from 'millrace'
import { afterAll, describe, test } from 'vitest'
import { rabbitmq } from '../src/index.ts'
import type { RabbitOptions } from '../src/index.ts'

const server = await start('rabbitmq', { fresh: true })
afterAll(() => server.stop())

/** What any way of laying out queues must keep. */
const CORE: readonly Case[] = [
  cases.publishSubscribe,
  cases.resendOnError,
  cases.noAck,
  cases.continueAfterSubscribeClose,
  cases.continueAfterErrors,
  cases.inOrder,
  cases.ackedStaysAway,
  cases.acksNothingBeyond,
  cases.nackComesAgain,
  cases.nackDelayed,
  cases.released,
  cases.unsettledComesAgain,
  cases.attemptsMonotone,
  cases.idsPreserved,
  cases.keysPreserved,
  cases.metadataPreserved,
  cases.payloadsPreserved,
  cases.takesOver,
  cases.publishDelayed,
  cases.expiredStaysAway,
  cases.closesUnAcked,
  cases.lagCounted,
  cases.capabilitiesStated,
]

const DEAD = [cases.maxDeliveriesReached, cases.rejected, cases.provenanceKept]

function keeps(what: string, options: RabbitOptions, more: readonly Case[], adapt = same): void {
  describe(`${what} keep the contract`, () => {
    conformance({
      name: `rabbitmq, ${what}`,
      server: server.version,
      open: () => adapt(rabbitmq({ url: server.url, ...options })),
      cases: [...CORE, ...more],
      test,
    })
  })
}

const same = (broker: Broker): Broker => broker

keeps("exchanges and queues of the preset 'fanout'", { preset: 'fanout', prefix: 'fan' }, [
  ...DEAD,
  cases.consumerGroups,
  cases.broadcasts,
  cases.groupBesideEveryone,
  cases.competing,
  cases.fromLatest,
  ...cases.unsupported,
])

keeps('queues with a single active consumer', { singleActiveConsumer: true, prefix: 'single' }, [
  ...DEAD,
  cases.keyOrder,
  cases.keysHaveOwners,
  cases.consumerGroups,
  ...cases.unsupported,
])

keeps('classic queues with priorities', { queues: 'classic', priorities: 5, prefix: 'classic' }, [
  ...DEAD,
  cases.priorities,
  cases.consumerGroups,
  cases.competing,
  ...cases.unsupported,
])

// The suite names a group for each case; this preset has one for all.
keeps("queues of the preset 'work'", { preset: 'work', prefix: 'work' }, [cases.competing], broker => ({
  ...of(broker),
  declare: (topic, options) => broker.declare(topic, { ...options, ...(options?.group && { group: 'workers' }) }),
  subscribe: (topic, options) => broker.subscribe(topic, { ...options, ...(options?.group && { group: 'workers' }) }),
  lag: topic => broker.lag!(topic, 'workers'), // queues have one
}))

/** The same broker as a plain object, whose methods can be replaced. */
function of(broker: Broker): Broker {
  return {
    name: broker.name,
    capabilities: broker.capabilities,
    open: options => broker.open(options),
    declare: (topic, options) => broker.declare(topic, options),
    publish: (topic, messages, options) => broker.publish(topic, messages, options),
    subscribe: (topic, options) => broker.subscribe(topic, options),
    health: () => broker.health(),
    close: options => broker.close(options),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  }
}

import assert from 'node:assert/strict'
import type { Case } from '../../case.ts'
import { nothing } from '../../needs.ts'

export const capabilitiesStated: Case = {
  title: 'capabilities are stated in full, make sense together, and stay the same once it is open',
  needs: nothing,
  async run(kit) {
    const broker = await kit.broker()
    const before = { ...broker.capabilities }
    await broker.open()
    const c = broker.capabilities

    assert.deepEqual({ ...c }, before, 'they never change at run time')
    assert.match(broker.name, /^[a-z][a-z0-9-]*$/)
    assert.ok(['sent', 'held', 'stored'].includes(c.accepts), 'accepts')
    assert.ok(['exact', 'server', 'local'].includes(c.subscribes), 'subscribes')
    assert.ok(['confirmed', 'sent', 'none'].includes(c.settles), 'settles')
    assert.ok(['live', 'replay', false].includes(c.broadcast), 'broadcast')
    assert.ok(['topic', 'key', 'none'].includes(c.ordered), 'ordered')
    assert.ok(['durable', 'process', 'none'].includes(c.attempts), 'attempts')
    assert.ok(['broker', 'delivery', false].includes(c.ttl), 'ttl')
    for (const name of FACTS) assert.equal(typeof c[name], 'boolean', name)
    assert.ok(Number.isInteger(c.priority) && c.priority >= 0, 'priority')
    assert.ok(c.maxBytes > 0, 'maxBytes')
    assert.ok(c.dedupes >= 0, 'dedupes')
    assert.ok(c.nackDelay === false || c.nackDelay.max > 0, 'nackDelay')
    assert.ok(c.publishDelay === false || c.publishDelay.max > 0, 'publishDelay')
    assert.ok(c.groups || c.broadcast !== false, 'one can subscribe to it in some way')
    assert.equal(c.transactions, broker.transaction !== undefined, 'transaction() is there exactly if it can be used')
    assert.deepEqual({ ...(await kit.another()).capabilities }, before, 'another instance has the same')
  },
}

const FACTS = ['groups', 'keyAffinity', 'replays', 'patterns', 'leases', 'transactions', 'shared'] as const

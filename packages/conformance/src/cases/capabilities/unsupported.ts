import { message, pattern } from 'millrace'
import type { Case, Need } from '../../case.ts'
import { throwsCode } from '../../kit/asserting.ts'
import type { Kit } from '../../kit/kit.ts'
import { simple } from '../../kit/messages.ts'
import { next } from '../../kit/reading.ts'
import * as needs from '../../needs.ts'

/** One case for each capability that can be absent: asking for it is refused before anything is sent. */
export const unsupported: readonly Case[] = [
  refused('groups', needs.groups, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.subscribe(kit.topic(), { group: 'g' }))
  }),
  refused('broadcast', needs.broadcast, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.subscribe(kit.topic()))
  }),
  refused('replays', needs.replays, async kit => {
    const broker = await kit.broker()
    for (const from of ['earliest', { time: 0 }, { after: '0' }] as const)
      await throwsCode('UNSUPPORTED', () => broker.subscribe(kit.topic(), { ...kit.group(), from }))
  }),
  refused('patterns', needs.patterns, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.subscribe(pattern(`${kit.topic()}.*`), kit.group()))
  }),
  refused('leases', needs.leases, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.subscribe(kit.topic(), { ...kit.group(), lease: 1000 }))
  }),
  refused('nackDelay', needs.nackDelay, async kit => {
    const subscription = await kit.filled(kit.topic(), simple(1), kit.group())
    const delivery = await next(kit, subscription)
    await throwsCode('UNSUPPORTED', () => delivery.nack({ delay: 1000 }))
    delivery.ack()
  }),
  refused('publishDelay', needs.publishDelay, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.publish(kit.topic(), message('x'), { delay: 1000 }))
    const soon = new Date(Date.now() + 60_000)
    await throwsCode('UNSUPPORTED', () => broker.publish(kit.topic(), message('x'), { delay: soon }))
  }),
  refused('ttl', needs.ttl, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.publish(kit.topic(), message('x'), { ttl: 1000 }))
  }),
  refused('priority', needs.priority, async kit => {
    const broker = await kit.broker()
    await throwsCode('UNSUPPORTED', () => broker.publish(kit.topic(), message('x'), { priority: 1 }))
  }),
  refused(
    'dedupes',
    c => c.dedupes > 0 || 'it remembers no dedupeId (capabilities.dedupes)',
    async kit => {
      const broker = await kit.broker()
      await throwsCode('UNSUPPORTED', () => broker.publish(kit.topic(), message('x'), { dedupeId: 'x' }))
    },
  ),
]

function refused(capability: string, need: Need, run: (kit: Kit) => Promise<void>): Case {
  return {
    title: `what needs ${capability} is UNSUPPORTED where it is not there`,
    needs: needs.not(need, `it is there (capabilities.${capability})`),
    run,
  }
}

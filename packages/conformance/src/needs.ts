/** What a case may need of a broker. Each answers true, or why the case does not apply. */
import type { Need } from './case.ts'

/** Every one of them; the first that is missing is the reason. */
export function all(...needs: readonly Need[]): Need {
  return (capabilities, means) => {
    for (const need of needs) {
      const answer = need(capabilities, means)
      if (answer !== true) return answer
    }
    return true
  }
}

export const nothing: Need = () => true

export const groups: Need = c => c.groups || 'it has no groups (capabilities.groups)'
export const broadcast: Need = c => c.broadcast !== false || 'it has no broadcast (capabilities.broadcast)'
export const settles: Need = c => c.settles !== 'none' || "it settles nothing (capabilities.settles is 'none')"
export const ordered: Need = c => c.ordered !== 'none' || "it keeps no order (capabilities.ordered is 'none')"
export const keyAffinity: Need = c => c.keyAffinity || 'a key has no consumer of its own (capabilities.keyAffinity)'
export const attempts: Need = c => c.attempts !== 'none' || "it counts no attempts (capabilities.attempts is 'none')"
export const durableAttempts: Need = c =>
  c.attempts === 'durable' || "attempts do not outlive a consumer (capabilities.attempts is not 'durable')"
export const nackDelay: Need = c => c.nackDelay !== false || 'a nack takes no delay (capabilities.nackDelay)'
export const publishDelay: Need = c => c.publishDelay !== false || 'it delays nothing (capabilities.publishDelay)'
export const ttl: Need = c => c.ttl !== false || 'nothing expires (capabilities.ttl)'
export const priority: Need = c => c.priority > 1 || 'it has no priorities (capabilities.priority)'
export const replays: Need = c => c.replays || 'it does not replay (capabilities.replays)'
export const patterns: Need = c => c.patterns || 'it has no patterns (capabilities.patterns)'
export const leases: Need = c => c.leases || 'it does not lease (capabilities.leases)'
export const transactions: Need = c => c.transactions || 'it has no transactions (capabilities.transactions)'
export const shared: Need = c => c.shared || 'another instance sees other topics (capabilities.shared)'

/** What is published before the first subscriber waits for its group. */
export const kept: Need = (c, means) => {
  if (means.order === 'subscribe-first') return "it keeps nothing for later (order: 'subscribe-first')"
  return groups(c, means)
}

/** What is not settled comes again to its group, as long as that has a consumer. */
export const redelivers: Need = all(settles, groups)

/** What is not settled comes again to the next consumer of the group. */
export const durable: Need = all(kept, settles)

export const restart: Need = (_, means) => means.restart || 'no restart was given'
export const foreign: Need = (_, means) => means.foreign || 'no foreign was given'
export const hold: Need = (_, means) => means.hold || 'no hold was given'

/** The opposite of a need, for what must be refused. */
export function not(need: Need, why: string): Need {
  return (capabilities, means) => (need(capabilities, means) === true ? why : true)
}

import {
  cooperativeStickyAssigner,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from '@platformatic/kafka'
import type { ExtendedGroupProtocolSubscription } from '@platformatic/kafka'
import { isMillraceError, MillraceError } from 'millrace/adapter'
import { byTopic } from './cluster.ts'
import type { Place } from './cluster.ts'
import { answer, ours, says } from './errors.ts'
import type { Member, MemberOptions } from './member.ts'
import { without } from './member.ts'

type State = 'new' | 'in' | 'joining' | 'left'

interface Joined {
  readonly generationId: number
  readonly leader: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[]
}

const ASSIGNOR = 'cooperative-sticky'
/** The subscription's version that carries owned partitions and their generation. */
const VERSION = 2

/**
 * The classic protocol with cooperative rebalances (KIP-429): what stays goes on without a pause, what goes is given
 * up first and assigned in a second round.
 */
export class ClassicMember implements Member {
  readonly #options: MemberOptions
  #state: State = 'new'
  #id = ''
  #generation = -1
  #owned: readonly Place[] = []
  #timer: NodeJS.Timeout | undefined
  #again = false
  #round: Promise<void> = Promise.resolve()

  constructor(options: MemberOptions) {
    this.#options = options
  }

  async join(signal: AbortSignal): Promise<void> {
    this.#state = 'joining'
    this.#round = this.#rounds(signal)
    await this.#round
  }

  resubscribe(): void {
    this.#rejoin()
  }

  identity(): { readonly memberId: string; readonly generation: number } {
    return { memberId: this.#id, generation: this.#generation }
  }

  async commit(topics: readonly unknown[]): Promise<void> {
    const { offsets, group } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        await offsets.call('OffsetCommit', () => [group, this.#generation, this.#id, null, topics])
        return
      } catch (error) {
        if (says(error, 'REBALANCE_IN_PROGRESS') && attempt < 50 && this.#state !== 'left') {
          // Between the rounds nobody may commit; it is over soon.
          this.#rejoin()
          await new Promise(resolve => setTimeout(resolve, 100))
          continue
        }
        if (!says(error, 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'REBALANCE_IN_PROGRESS'))
          throw ours(error, `commit for group '${group}'`)
        if (this.#state === 'in') this.#fenced(error)
        throw new MillraceError('LOST', `kafka: group '${group}' went on without this consumer`, { cause: error })
      }
    }
  }

  async leave(): Promise<void> {
    this.#state = 'left'
    clearTimeout(this.#timer)
    if (this.#id === '') return
    const { offsets, group } = this.#options
    await offsets
      .call('LeaveGroup', version =>
        version < 3 ? [group, this.#id] : [group, [{ memberId: this.#id, groupInstanceId: null, reason: null }]],
      )
      .catch((error: unknown) => {
        if (!says(error, 'UNKNOWN_MEMBER_ID')) throw error
      })
    this.#id = ''
  }

  /** Rounds until one leaves nothing to be given up. */
  async #rounds(signal?: AbortSignal): Promise<void> {
    clearTimeout(this.#timer)
    do {
      this.#again = false
      const assigned = await this.#joinOnce(signal)
      if (this.#left()) return
      const revoked = without(this.#owned, assigned)
      const added = without(assigned, this.#owned)
      if (revoked.length > 0) {
        await this.#options.host.revoke(revoked)
        this.#again = true
      }
      this.#owned = assigned
      if (added.length > 0 && !this.#left()) await this.#take(added)
    } while (this.#again && !this.#left())
    if (this.#left()) return
    this.#state = 'in'
    this.#beatLater()
  }

  /** It may have been taken for dead before it was done: then it begins anew. */
  async #take(added: readonly Place[]): Promise<void> {
    try {
      await this.#options.host.assign(added)
    } catch (error) {
      if (!isMillraceError(error, 'LOST')) throw error
      this.#disown()
      this.#again = true
    }
  }

  async #joinOnce(signal?: AbortSignal): Promise<readonly Place[]> {
    for (let attempt = 1; ; attempt++) {
      if (signal?.aborted) throw signal.reason
      if (this.#left()) return []
      try {
        const joined = await this.#joinGroup()
        this.#generation = joined.generationId
        return await this.#sync(joined)
      } catch (error) {
        if (says(error, 'MEMBER_ID_REQUIRED')) {
          this.#id = answer<Joined>(error)?.memberId ?? ''
          continue
        }
        if (says(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) {
          if (says(error, 'UNKNOWN_MEMBER_ID')) this.#id = ''
          this.#disown()
        } else if (!says(error, 'REBALANCE_IN_PROGRESS')) throw ours(error, `join group '${this.#options.group}'`)
        if (attempt > 50) throw ours(error, `join group '${this.#options.group}'`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
  }

  #joinGroup(): Promise<Joined> {
    const { coordinator, group, host, cluster } = this.#options
    const { sessionTimeout, rebalanceTimeout } = cluster.plan
    const metadata = encodeConsumerProtocolSubscription({
      version: VERSION,
      topics: [...host.topics()],
      ownedPartitions: [...byTopic(this.#owned)].map(([topic, partitions]) => ({ topic, partitions })),
      generationId: this.#owned.length > 0 ? this.#generation : -1,
    })
    return coordinator.call<Joined>(
      'JoinGroup',
      version => {
        if (version < 6) throw new MillraceError('SERVER_TOO_OLD', 'kafka: JoinGroup version 6 is needed (Kafka 2.4)')
        const protocols = [{ name: ASSIGNOR, metadata }]
        return [group, sessionTimeout, rebalanceTimeout, this.#id, null, 'consumer', protocols, null]
      },
      rebalanceTimeout + 5_000,
    )
  }

  async #sync(joined: Joined): Promise<readonly Place[]> {
    const { coordinator, group, cluster } = this.#options
    const assignments = joined.leader === this.#id ? await this.#divide(joined) : []
    const { assignment } = await coordinator.call<{ readonly assignment: Buffer }>(
      'SyncGroup',
      () => [group, this.#generation, this.#id, null, 'consumer', ASSIGNOR, assignments],
      cluster.plan.rebalanceTimeout + 5_000,
    )
    if (assignment.length === 0) return []
    return decodeConsumerProtocolAssignment(assignment).assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map(partition => ({ topic, partition })),
    )
  }

  /** The leader says who gets what. */
  async #divide(joined: Joined): Promise<{ readonly memberId: string; readonly assignment: Buffer }[]> {
    const members = new Map<string, ExtendedGroupProtocolSubscription>()
    const topics = new Set<string>()
    for (const { memberId, metadata } of joined.members) {
      const subscription = decodeConsumerProtocolSubscription(metadata)
      members.set(memberId, { memberId, ...subscription, metadata: subscription.userData })
      for (const topic of subscription.topics) topics.add(topic)
    }
    const metadata = await this.#options.cluster.metadata([...topics], true)
    return cooperativeStickyAssigner(this.#id, members, topics, metadata).map(({ memberId, assignments }) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({ version: VERSION, assignedPartitions: [...assignments.values()] }),
    }))
  }

  #beatLater(): void {
    clearTimeout(this.#timer)
    if (this.#state !== 'in') return
    this.#timer = setTimeout(() => void this.#beat(), this.#options.cluster.plan.heartbeatInterval)
  }

  async #beat(): Promise<void> {
    const { coordinator, group, host } = this.#options
    try {
      await coordinator.call('Heartbeat', () => [group, this.#generation, this.#id, null])
      this.#beatLater()
    } catch (error) {
      if (this.#state !== 'in') return
      if (says(error, 'REBALANCE_IN_PROGRESS')) this.#rejoin()
      else if (says(error, 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID')) this.#fenced(error)
      else host.failed(ours(error, `heartbeat of group '${group}'`))
    }
  }

  /** It was taken for dead: nothing is its own any more, and it begins anew. */
  #fenced(error: unknown): void {
    if (says(error, 'UNKNOWN_MEMBER_ID')) this.#id = ''
    this.#disown()
    this.#rejoin()
  }

  #disown(): void {
    const had = this.#owned.length > 0
    this.#owned = []
    this.#generation = -1
    if (had) this.#options.host.fenced()
  }

  #rejoin(): void {
    if (this.#state === 'joining') this.#again = true
    if (this.#state !== 'in') return
    this.#state = 'joining'
    this.#round = this.#rounds().catch((error: unknown) => {
      if (this.#state !== 'left') this.#options.host.failed(ours(error, `join group '${this.#options.group}'`))
    })
  }

  #left(): boolean {
    return this.#state === 'left'
  }
}

import { randomUUID } from 'node:crypto'
import { isMillraceError, MillraceError } from 'millrace/adapter'
import { byTopic } from './cluster.ts'
import type { Place } from './cluster.ts'
import { ours, says } from './errors.ts'
import type { Member, MemberOptions } from './member.ts'
import { without } from './member.ts'

interface Answer {
  readonly memberId: string | null
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  readonly assignment: {
    readonly topicPartitions: readonly { readonly topicId: string; readonly partitions: number[] }[]
  } | null
}

const FENCED = ['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'UNRELEASED_INSTANCE_ID']

/**
 * The protocol of KIP-848: the server divides the partitions and tells each member with its heartbeat what is to be
 * its own; the member says with its next ones what it has given up and taken.
 */
export class ConsumerMember implements Member {
  readonly #options: MemberOptions
  readonly #id = randomUUID()
  #state: 'new' | 'in' | 'left' = 'new'
  /** The server knows that it left. */
  #gone = false
  #epoch = 0
  #owned: readonly Place[] = []
  #target: readonly Place[] = []
  #interval = 1_000
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  #reconciling: Promise<void> | undefined

  constructor(options: MemberOptions) {
    this.#options = options
  }

  async join(signal: AbortSignal): Promise<void> {
    this.#state = 'in'
    await this.#beat()
    if (signal.aborted) throw signal.reason
    await this.#reconciling
    this.#beatLater()
  }

  resubscribe(): void {
    this.#soon()
  }

  identity(): { readonly memberId: string; readonly generation: number } {
    return { memberId: this.#id, generation: this.#epoch }
  }

  async commit(topics: readonly unknown[]): Promise<void> {
    const { offsets, group } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        await offsets.call('OffsetCommit', version => {
          if (version < 9) throw tooOld()
          return [group, this.#epoch, this.#id, null, topics]
        })
        return
      } catch (error) {
        // The epoch grew while the commit was under way: the next heartbeat tells it.
        if (says(error, 'STALE_MEMBER_EPOCH') && attempt < 20 && this.#state === 'in') {
          await this.#beat().catch(() => undefined) // failing is told by the next one
          continue
        }
        if (!says(error, 'STALE_MEMBER_EPOCH', ...FENCED)) throw ours(error, `commit for group '${group}'`)
        if (this.#state === 'in' && says(error, ...FENCED)) this.#fenced()
        throw new MillraceError('LOST', `kafka: group '${group}' went on without this consumer`, { cause: error })
      }
    }
  }

  async leave(): Promise<void> {
    if (this.#gone) return
    this.#state = 'left'
    clearTimeout(this.#timer)
    await this.#beating?.catch(() => undefined) // whoever asked for it sees it
    await this.#send(-1, []).catch((error: unknown) => {
      if (!says(error, ...FENCED, 'GROUP_ID_NOT_FOUND')) throw error
    })
    this.#gone = true
  }

  /** One at a time: whoever asks meanwhile gets the one under way. */
  #beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => (this.#beating = undefined))
    return this.#beating
  }

  async #beatOnce(): Promise<void> {
    const { group, cluster } = this.#options
    try {
      const answer = await this.#send(this.#epoch, this.#owned)
      if (this.#state === 'left') return
      this.#epoch = answer.memberEpoch
      if (answer.heartbeatIntervalMs > 0) this.#interval = answer.heartbeatIntervalMs
      if (!answer.assignment) return
      const names = new Map<string, string>()
      const { topics } = await cluster.metadata(this.#options.host.topics())
      for (const [name, { id }] of topics) names.set(id, name)
      this.#target = answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) => {
        const topic = names.get(topicId)
        return topic === undefined ? [] : partitions.map(partition => ({ topic, partition }))
      })
      this.#reconcile()
    } catch (error) {
      if (this.#state === 'in' && says(error, ...FENCED)) {
        this.#fenced()
        return
      }
      throw ours(error, `heartbeat of group '${group}'`)
    }
  }

  async #send(epoch: number, owned: readonly Place[]): Promise<Answer> {
    const { coordinator, offsets, group, host, cluster } = this.#options
    const { topics } = owned.length > 0 ? await cluster.metadata([...byTopic(owned).keys()]) : { topics: undefined }
    const partitions = [...byTopic(owned)].map(([topic, indexes]) => ({
      topicId: topics?.get(topic)?.id ?? '',
      partitions: indexes,
    }))
    // Its own connection may be gone by the time that it leaves.
    return (epoch === -1 ? offsets : coordinator).call<Answer>('ConsumerGroupHeartbeat', () => [
      group,
      this.#id,
      epoch,
      null,
      null,
      cluster.plan.rebalanceTimeout,
      epoch === -1 ? [] : [...host.topics()],
      null,
      null,
      partitions,
    ])
  }

  /** Gives up and takes until it has what it is to have; heartbeats go on meanwhile. */
  #reconcile(): void {
    this.#reconciling ??= this.#steps()
      .catch((error: unknown) => {
        // It was fenced on the way, and begins anew.
        if (isMillraceError(error, 'LOST')) this.#soon()
        else if (this.#state === 'in')
          this.#options.host.failed(ours(error, `assignment in group '${this.#options.group}'`))
      })
      .finally(() => (this.#reconciling = undefined))
  }

  async #steps(): Promise<void> {
    const { host } = this.#options
    for (;;) {
      if (this.#left()) return
      const revoked = without(this.#owned, this.#target)
      const added = without(this.#target, this.#owned)
      if (revoked.length === 0 && added.length === 0) break
      if (revoked.length > 0) await host.revoke(revoked)
      this.#owned = without(this.#owned, revoked)
      if (this.#left()) return
      if (added.length > 0) await host.assign(added)
      this.#owned = [...this.#owned, ...without(added, this.#owned)]
    }
    this.#soon()
  }

  #fenced(): void {
    this.#epoch = 0
    this.#owned = []
    this.#target = []
    this.#options.host.fenced()
    this.#soon()
  }

  #left(): boolean {
    return this.#state === 'left'
  }

  #soon(): void {
    if (this.#state !== 'in') return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#beatAndOn(), 0)
  }

  #beatLater(): void {
    if (this.#state !== 'in') return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#beatAndOn(), this.#interval)
  }

  async #beatAndOn(): Promise<void> {
    try {
      await this.#beat()
      this.#beatLater()
    } catch (error) {
      if (this.#state === 'in') this.#options.host.failed(ours(error, `heartbeat of group '${this.#options.group}'`))
    }
  }
}

function tooOld(): MillraceError {
  return new MillraceError(
    'SERVER_TOO_OLD',
    "kafka: groupProtocol 'consumer' needs Kafka 4.0 (KIP-848): use 'classic' with older servers",
  )
}

import { createHash } from 'node:crypto'
import type { IClientOptions, MqttClient } from 'mqtt'
import { isMillraceError, MillraceError, newId } from 'millrace/adapter'
import { farewell } from './connection.ts'
import type { Connected } from './connection.ts'
import { ours } from './errors.ts'
import { HeldAcks } from './held-acks.ts'
import { MqttSource } from './source.ts'
import type { Leaving, MqttRaw } from './source.ts'
import type { Topics } from './topics.ts'

export interface PlacesOptions {
  readonly topics: Topics
  readonly qos: 1 | 2
  /** A connection under this client id, whose session outlives it. */
  readonly dial: (clientId: string, extra: IClientOptions, prepare?: (client: MqttClient) => void) => Promise<Connected>
  /** Publishes an empty message. */
  readonly send: (topic: string) => Promise<void>
  /** Publishes a message to where the group's members give back. */
  readonly back: (raw: MqttRaw, group: string) => Promise<void>
}

/** ms without anything being given back after which the rest stays where it is. */
const GIVING_BACK = 5000
/** ms for which a place is tried to be made: others may take its session in between. */
const KEEPING = 10_000
/** So many tries to move what a place has. */
const ADOPTING = 3
/** ms between two tries, at most: at random, or all would be back at once. */
const PAUSE = 100

/**
 * MQTT knows a group only as long as one of its members has a session. So the last member leaves another session
 * behind, the group's place, under a client id that follows from the group: it takes what is published until the next
 * member comes, moves it to the members, and ends it. There is always a member or a place, and a place only as long as
 * it takes to tell the members of it.
 */
export class Places {
  readonly #options: PlacesOptions
  /** Those that were made here and not adopted here since. */
  readonly #kept = new Map<string, { readonly group: string; readonly filter: string }>()

  constructor(options: PlacesOptions) {
    this.#options = options
  }

  /** The filters that a member of a group subscribes to, for one topic or pattern. */
  filters(group: string, filter: string): readonly string[] {
    return [`$share/${group}/${filter}`, `$share/${group}/${this.#options.topics.back(filter, group)}`]
  }

  /** Where members are told that there is a place. */
  call(group: string, filter: string): string {
    return this.#options.topics.control(`${group}/${hash(filter)}`)
  }

  /** Makes the group's place, if it is not there. At the abort it is tried no more. */
  async keep(group: string, filter: string, signal?: AbortSignal): Promise<void> {
    const { qos, dial } = this.#options
    const clientId = this.#id(group, filter)
    const end = performance.now() + KEEPING
    for (;;) {
      let client: MqttClient | undefined
      const cut = (): void => void client?.end(true)
      signal?.addEventListener('abort', cut, { once: true })
      try {
        // What it holds is sent at once, and is not ours: nothing of it may be acknowledged.
        ;({ client } = await dial(clientId, {}, made => void new HeldAcks(made)))
        await client.subscribeAsync([...this.filters(group, filter)], { qos })
        await farewell(client)
        this.#kept.set(clientId, { group, filter })
        return
      } catch (error) {
        client?.end(true)
        const failed = ours(error, 'subscribe')
        const taken = isMillraceError(failed, 'DISCONNECTED') || isMillraceError(failed, 'TOPOLOGY_MISMATCH')
        if (!taken || performance.now() > end || signal?.aborted) throw failed
      } finally {
        signal?.removeEventListener('abort', cut)
      }
      await pause()
    }
  }

  /** Makes those again that were made here: a server that restarted may have forgotten them, but for what they hold. */
  async keepAgain(): Promise<void> {
    for (const { group, filter } of this.#kept.values()) await this.keep(group, filter)
  }

  /** Tells of those again. */
  async tellAgain(): Promise<void> {
    for (const { group, filter } of this.#kept.values()) await this.tell(group, filter)
  }

  /** Tells one of the group's members, if there is any, that there is a place. */
  tell(group: string, filter: string): Promise<void> {
    return this.#options.send(this.call(group, filter))
  }

  /** A member moves what the place took to the members, and ends it. Once it is no member it tries no more. */
  async adopt(group: string, filter: string, member: () => boolean): Promise<void> {
    for (let left = ADOPTING; left > 0 && member(); left--) {
      const moved = await this.#move(group, filter).catch(() => false)
      if (moved) return
      await pause()
    }
  }

  /** Gives back all that a session has. Answers whether nothing is left in it. */
  async giveBack(leaving: Leaving, group: string): Promise<boolean> {
    const { client } = leaving
    const { topics, send, back } = this.#options
    const mark = topics.control(newId())
    const run = async (): Promise<void> => {
      // First nothing more is to come here; then what is given back cannot come here either.
      await client.unsubscribeAsync([...leaving.filters])
      await client.subscribeAsync(mark, { qos: 1 })
      const emptied = leaving.empty(raw => {
        timer?.refresh()
        return back(raw, group)
      }, mark)
      emptied.catch(() => undefined) // awaited below; sending the mark may fail first
      await send(mark)
      await emptied
      await client.unsubscribeAsync(mark)
    }
    if (!client.connected) return false
    let timer: NodeJS.Timeout | undefined
    const cut = new Promise<void>((_, reject) => {
      const why = new MillraceError('DISCONNECTED', 'mqtt: the connection is closed')
      timer = setTimeout(reject, GIVING_BACK, why)
      client.once('close', () => reject(why))
    })
    return Promise.race([run(), cut])
      .then(
        () => true,
        () => false, // it stays in the session
      )
      .finally(() => clearTimeout(timer))
  }

  async #move(group: string, filter: string): Promise<boolean> {
    const { topics, dial } = this.#options
    let empty = false
    const clientId = this.#id(group, filter)
    const window = 1000
    const source = new MqttSource({
      window,
      sink: SILENT,
      topics,
      filters: Object.fromEntries(this.filters(group, filter).map(one => [one, { qos: 1 as const }])),
      calls: new Map(),
      wanted: () => true,
      retained: false,
      maxPending: 0,
      leave: async leaving => {
        empty = await this.giveBack(leaving, group)
        // Before MQTT 5 it stays, empty: to end it takes another connection, and by then another may need it.
        await farewell(leaving.client, { forget: empty })
      },
    })
    source.pause()
    await dial(clientId, { properties: { receiveMaximum: window } }, client => source.prepare(client))
    await source.stop(new AbortController().signal) // giving back ends by itself, however much it is
    if (empty) this.#kept.delete(clientId)
    return empty
  }

  #id(group: string, filter: string): string {
    return `millrace-place-${hash(JSON.stringify([group, filter]))}`
  }
}

const SILENT = {
  deliver: () => undefined,
  ready: () => false,
  lost: () => undefined,
  gap: () => undefined,
  down: () => undefined,
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, Math.random() * PAUSE))
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

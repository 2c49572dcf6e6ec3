import { createHash } from 'node:crypto'
import type { IClientOptions, MqttClient } from 'mqtt'
import { isMillraceError, MillraceError, newId } from 'millrace/adapter'
import { farewell } from './connection.ts'
import type { Connected } from './connection.ts'
import { ours } from './errors.ts'
import { MqttSource } from './source.ts'
import type { Leaving, MqttRaw } from './source.ts'
import type { Topics } from './topics.ts'

export interface PlacesOptions {
  readonly topics: Topics
  readonly qos: 1 | 2
  /** A connection under this client id, whose session outlives it. */
  readonly dial: (clientId: string, extra: IClientOptions, prepare?: (client: MqttClient) => void) => Promise<Connected>
  /** Ends the session that nobody is connected to. */
  readonly forget: (clientId: string) => Promise<void>
  /** Publishes an empty message. */
  readonly send: (topic: string) => Promise<void>
  /** Publishes a message to where the group's members give back. */
  readonly back: (raw: MqttRaw, group: string) => Promise<void>
}

/** ms in which what a session has is to be given back. */
const GIVING_BACK = 5000
/** Another may take the session in between: so many tries. */
const TRIES = 10

/**
 * MQTT knows a group only as long as one of its members has a session. So the last member leaves another session
 * behind, the group's place, under a client id that follows from the group: it takes what is published until the next
 * member comes, moves it to the members, and ends it. There is always a member or a place, and a place only as long as
 * it takes to tell the members of it.
 */
export class Places {
  readonly #options: PlacesOptions

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

  /** Makes the group's place, if it is not there. */
  async keep(group: string, filter: string): Promise<void> {
    const { qos, dial } = this.#options
    const clientId = this.#id(group, filter)
    for (let left = TRIES; ; left--)
      try {
        const { client } = await dial(clientId, {})
        await client.subscribeAsync([...this.filters(group, filter)], { qos })
        await farewell(client)
        return
      } catch (error) {
        const failed = ours(error, 'subscribe')
        // Another may have taken the session over while it was made.
        if (left <= 1 || !(isMillraceError(failed, 'DISCONNECTED') || isMillraceError(failed, 'TOPOLOGY_MISMATCH')))
          throw failed
      }
  }

  /** Tells one of the group's members, if there is any, that there is a place. */
  tell(group: string, filter: string): Promise<void> {
    return this.#options.send(this.call(group, filter))
  }

  /** A member moves what the place took to the members, and ends it. */
  async adopt(group: string, filter: string): Promise<void> {
    const { topics, dial, forget } = this.#options
    const clientId = this.#id(group, filter)
    const source = new MqttSource({
      sink: SILENT,
      topics,
      filters: Object.fromEntries(this.filters(group, filter).map(one => [one, { qos: 1 as const }])),
      calls: new Map(),
      wanted: () => true,
      retained: false,
      maxPending: 0,
      leave: async leaving => {
        const empty = await this.giveBack(leaving, group)
        await farewell(leaving.client, empty)
        if (empty) await forget(clientId)
      },
    })
    source.pause()
    await dial(clientId, { properties: { receiveMaximum: 1000 } }, client => source.prepare(client))
    await source.stop()
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
      const emptied = leaving.empty(raw => back(raw, group), mark)
      emptied.catch(() => undefined) // awaited below; sending the mark may fail first
      await send(mark)
      await emptied
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

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

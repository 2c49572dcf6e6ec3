/**
 * Requests that the client has the code for and no method, or a method without what is needed: commits with their
 * metadata, group membership, fetches from a place of one's own. It exports the pieces under symbols; all use of them
 * is here.
 */
import { kGetApi, kGetBootstrapConnection, kGetConnection } from '@platformatic/kafka'
import type { Base, Broker, Connection, ConnectionPool } from '@platformatic/kafka'
import { asError, MillraceError } from 'millrace/adapter'
import { ours, says } from './errors.ts'

type Client = Pick<Base, typeof kGetApi | typeof kGetConnection | typeof kGetBootstrapConnection>

/** A request as the client's code sends it. */
export interface Api {
  (connection: Connection, ...args: unknown[]): void
  readonly version: number
}

export interface Request {
  /** As Kafka names it: 'OffsetCommit'. */
  readonly name: string
  /** The arguments, which may depend on the version that client and server agreed on. */
  readonly args: (version: number) => readonly unknown[]
  /** ms until it is given up as lost. */
  readonly timeout: number
  /** For the version agreed on, instead of the client's own. */
  readonly api?: (version: number) => Api
}

/** Sends one request over a connection to that broker: the pool's, or the client's own. Rejects with what the client throws. */
export async function request<T>(client: Client, to: Broker, one: Request, pool?: ConnectionPool): Promise<T> {
  const { api, connection } = await wayTo(client, to, one.name, pool)
  return send<T>(one.api ? one.api(api.version) : api, connection, one)
}

/** How one kind of request gets to one broker. */
interface Way {
  readonly api: Api
  readonly connection: Connection
}

async function wayTo(client: Client, to: Broker, name: string, pool: ConnectionPool | undefined): Promise<Way> {
  const api = await apiOf(client, name)
  const connection = pool
    ? await pool.get(to)
    : await new Promise<Connection>((resolve, reject) =>
        client[kGetConnection](to, (error, made) => (error ? reject(error) : resolve(made as Connection))),
      )
  return { api, connection }
}

/** Has the client send requests of that name by other code, for the version that it and the server agreed on. */
export function sendBy(client: Client, name: string, other: (version: number) => Api): void {
  const getApi = client[kGetApi].bind(client) as (
    name: string,
    callback: (error: Error | null, api: Api) => void,
  ) => void
  let made: Api | undefined
  client[kGetApi] = ((asked: string, callback: (error: Error | null, api?: Api) => void) =>
    getApi(asked, (error, api) => {
      if (error || asked !== name) return callback(error, api)
      try {
        if (made?.version !== api.version) made = other(api.version)
      } catch (failure) {
        // What does not say that it is in vain the client tries for ever.
        return callback(Object.assign(asError(failure), { canRetry: false }))
      }
      callback(null, made)
    })) as never
}

async function apiOf(client: Client, name: string): Promise<Api> {
  return new Promise((resolve, reject) =>
    client[kGetApi](name, (error, api) => (error ? reject(error) : resolve(api as unknown as Api))),
  )
}

function send<T>(api: Api, connection: Connection, { name, args, timeout }: Request): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new MillraceError('DISCONNECTED', `kafka: no answer to ${name} within ${timeout} ms`)),
      timeout,
    )
    api(connection, ...args(api.version), (error: Error | null, response: unknown) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve(response as T)
    })
  })
}

/** The answer to FindCoordinator, version 4 and later. */
interface Found {
  readonly coordinators: readonly { readonly host: string; readonly port: number; readonly nodeId: number }[]
}

const TIMEOUT = 10_000
const AGAIN = 50
/** How often a coordinator that is not ready is asked again: about 15 s, with waits that grow to 500 ms. */
const TRIES = 40

/** The broker that keeps one group, found again when it moves. */
export class Coordinator {
  readonly #client: Client
  readonly #group: string
  readonly #pool: ConnectionPool | undefined
  #node: (Broker & { readonly nodeId: number }) | undefined
  /** By the request's name: to look both up for each commit costs as much as the commit. */
  readonly #ways = new Map<string, Way>()

  /** With a pool its requests have a connection of their own: a JoinGroup holds up what comes behind it. */
  constructor(client: Client, group: string, pool?: ConnectionPool) {
    this.#client = client
    this.#group = group
    this.#pool = pool
  }

  /** The coordinator's number in the cluster. */
  async node(): Promise<number> {
    return (await this.#find()).nodeId
  }

  /** One request. Waits while the coordinator moves or loads; rejects with what the client throws. */
  async call<T>(name: string, args: Request['args'], timeout: number = TIMEOUT): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { api, connection } = this.#way(name) ?? (await this.#look(name))
        return await send<T>(api, connection, { name, args, timeout })
      } catch (error) {
        const moving = says(
          error,
          'NOT_COORDINATOR',
          'COORDINATOR_NOT_AVAILABLE',
          'COORDINATOR_LOAD_IN_PROGRESS',
          'UNSTABLE_OFFSET_COMMIT',
        )
        this.#node = undefined
        this.#ways.clear()
        if (!moving || attempt >= TRIES) throw error
        await new Promise(resolve => setTimeout(resolve, Math.min(500, AGAIN * attempt)))
      }
    }
  }

  #way(name: string): Way | undefined {
    const way = this.#ways.get(name)
    return way?.connection.isConnected() ? way : undefined
  }

  async #look(name: string): Promise<Way> {
    const way = await wayTo(this.#client, await this.#find(), name, this.#pool)
    this.#ways.set(name, way)
    return way
  }

  async #find(): Promise<Broker & { readonly nodeId: number }> {
    if (this.#node) return this.#node
    const api = await apiOf(this.#client, 'FindCoordinator')
    if (api.version < 4)
      throw new MillraceError('SERVER_TOO_OLD', 'kafka: FindCoordinator version 4 is needed (Kafka 3.0 and later)')
    const connection = await new Promise<Connection>((resolve, reject) =>
      this.#client[kGetBootstrapConnection]((error, made) => (error ? reject(error) : resolve(made as Connection))),
    )
    const { coordinators } = await send<Found>(api, connection, {
      name: 'FindCoordinator',
      args: () => [0, [this.#group]],
      timeout: TIMEOUT,
    })
    const [found] = coordinators
    if (!found) throw ours(new Error('no coordinator'), `group '${this.#group}'`)
    this.#node = found
    return found
  }
}

import type { Progress } from './cache.ts'
import type { Secure } from './secure.ts'

/** How one kind of server is had, started and asked whether it is there. One for each server, in `servers/`. */
export interface Recipe {
  /** What it can be, the default first. */
  readonly versions: readonly string[]
  /** Puts that version into the cache where it is not there yet; tells `say` what it downloads. Rejects `NOT_AVAILABLE`. */
  fetch(version: string, say: Progress): Promise<Program>
}

/** One fetched version, ready to be run in any number of places at once. */
export interface Program {
  /** The exact version. */
  readonly version: string
  /** The names of the ports it needs, for people and for `Place.ports`; `client` is the one that clients connect to. */
  readonly ports: readonly ['client', ...string[]]
  /** For servers that tell clients where to connect: the names of the port that a proxy listens on, and of the one it forwards to. */
  readonly proxied?: { readonly listen: string; readonly to: string }
  /** Writes the configuration, and what must be there before the first start; called before every start. */
  prepare(place: Place): Promise<void>
  /** Something that must run beside it, started first and listening on `port` (RabbitMQ's epmd). Outlives a restart, ends with `stop`. */
  readonly companion?: (place: Place) => Command & { readonly port: number }
  /** The server itself, in the foreground: its pid is the server's. */
  command(place: Place): Command
  /** The server's own command for those who run it, where it has one: `rabbitmqctl`. */
  readonly control?: (place: Place, args: readonly string[]) => Command
  /** One call in the server's own protocol; rejects until the server serves. */
  probe(place: Place): Promise<void>
  /** As `millrace/connect` takes it, for a client that connects to `port`. */
  url(port: number): string
  /** The same over TLS. */
  secureUrl(ports: Place['ports'], secure: Secure): string
}

/** Where one instance runs. */
export interface Place {
  /** Its own folder, and the working folder of its processes: configuration, data, log. */
  readonly folder: string
  readonly ports: Readonly<Record<string, number>>
  /** Where it is to speak TLS too, to that one user. */
  readonly secure?: Secure
  /** Lines to add to the server's own configuration file. */
  readonly config: readonly string[]
}

/** What to run. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** How an option is kept: the suffix of the methods that read and write it. */
export type OptionKind = 'Bool' | 'Int32' | 'Uint32' | 'Int64' | 'Uint64' | 'String'

/** One option as a property of classes. */
export interface OptionProperty {
  readonly name: string
  /** ZMQ_… */
  readonly id: number
  readonly kind: OptionKind
  readonly access?: 'read' | 'write'
  /** Names of the numbers 0, 1, 2…, where the property has names. */
  readonly values?: readonly (string | null)[]
}

/** A class whose instances have `getInt32Option` and its like; they may be protected. */
export type OptionOwner = abstract new (...args: never[]) => object

/**
 * Makes options properties of classes. They go through the option methods, so that a subclass which overrides those sees
 * every access, as in the `zeromq` package; like there they are neither enumerable nor configurable.
 */
export function defineOptions(owners: readonly OptionOwner[], properties: readonly OptionProperty[]): void {
  for (const property of properties) {
    const descriptor = describe(property)
    for (const owner of owners) Object.defineProperty(owner.prototype, property.name, descriptor)
  }
}

/** Of sockets that send. */
export const WRITABLE: readonly OptionProperty[] = [
  { name: 'sendBufferSize', id: 11, kind: 'Int32' },
  { name: 'sendHighWaterMark', id: 23, kind: 'Int32' },
  { name: 'sendTimeout', id: 28, kind: 'Int32' },
  { name: 'multicastHops', id: 25, kind: 'Int32' },
]

/** Of sockets that receive. */
export const READABLE: readonly OptionProperty[] = [
  { name: 'receiveBufferSize', id: 12, kind: 'Int32' },
  { name: 'receiveHighWaterMark', id: 24, kind: 'Int32' },
  { name: 'receiveTimeout', id: 27, kind: 'Int32' },
]

/** Of sockets that announce an id. */
export const ROUTING_ID: readonly OptionProperty[] = [{ name: 'routingId', id: 5, kind: 'String' }]

/** Of sockets that can probe a router. */
export const PROBING: readonly OptionProperty[] = [{ name: 'probeRouter', id: 51, kind: 'Bool', access: 'write' }]

/** Of sockets that can keep the last message alone. */
export const CONFLATABLE: readonly OptionProperty[] = [{ name: 'conflate', id: 54, kind: 'Bool', access: 'write' }]

/** Of contexts. */
export const CONTEXT: readonly OptionProperty[] = [
  { name: 'ioThreads', id: 1, kind: 'Int32' },
  { name: 'maxSockets', id: 2, kind: 'Int32' },
  { name: 'maxSocketsLimit', id: 3, kind: 'Int32', access: 'read' },
  { name: 'threadPriority', id: 3, kind: 'Int32', access: 'write' },
  { name: 'threadSchedulingPolicy', id: 4, kind: 'Int32', access: 'write' },
  { name: 'maxMessageSize', id: 5, kind: 'Int32' },
  { name: 'ipv6', id: 42, kind: 'Bool' },
  { name: 'blocky', id: 70, kind: 'Bool' },
]

/** Of every socket. */
export const EVERY_SOCKET: readonly OptionProperty[] = [
  { name: 'affinity', id: 4, kind: 'Uint64' },
  { name: 'rate', id: 8, kind: 'Int32' },
  { name: 'recoveryInterval', id: 9, kind: 'Int32' },
  { name: 'type', id: 16, kind: 'Int32', access: 'read' },
  { name: 'linger', id: 17, kind: 'Int32' },
  { name: 'reconnectInterval', id: 18, kind: 'Int32' },
  { name: 'backlog', id: 19, kind: 'Int32' },
  { name: 'reconnectMaxInterval', id: 21, kind: 'Int32' },
  { name: 'maxMessageSize', id: 22, kind: 'Int64' },
  { name: 'lastEndpoint', id: 32, kind: 'String', access: 'read' },
  { name: 'tcpKeepalive', id: 34, kind: 'Int32' },
  { name: 'tcpKeepaliveCount', id: 35, kind: 'Int32' },
  { name: 'tcpKeepaliveIdle', id: 36, kind: 'Int32' },
  { name: 'tcpKeepaliveInterval', id: 37, kind: 'Int32' },
  { name: 'tcpAcceptFilter', id: 38, kind: 'String' },
  { name: 'immediate', id: 39, kind: 'Bool' },
  { name: 'ipv6', id: 42, kind: 'Bool' },
  { name: 'securityMechanism', id: 43, kind: 'Int32', access: 'read', values: [null, 'plain', 'curve', 'gssapi'] },
  { name: 'plainServer', id: 44, kind: 'Bool' },
  { name: 'plainUsername', id: 45, kind: 'String' },
  { name: 'plainPassword', id: 46, kind: 'String' },
  { name: 'curveServer', id: 47, kind: 'Bool' },
  { name: 'curvePublicKey', id: 48, kind: 'String' },
  { name: 'curveSecretKey', id: 49, kind: 'String' },
  { name: 'curveServerKey', id: 50, kind: 'String' },
  { name: 'zapDomain', id: 55, kind: 'String' },
  { name: 'typeOfService', id: 57, kind: 'Uint32' },
  { name: 'handshakeInterval', id: 66, kind: 'Int32' },
  { name: 'socksProxy', id: 68, kind: 'String' },
  { name: 'heartbeatInterval', id: 75, kind: 'Int32' },
  { name: 'heartbeatTimeToLive', id: 76, kind: 'Int32' },
  { name: 'heartbeatTimeout', id: 77, kind: 'Int32' },
  { name: 'connectTimeout', id: 79, kind: 'Int32' },
  { name: 'tcpMaxRetransmitTimeout', id: 80, kind: 'Int32' },
  { name: 'threadSafe', id: 81, kind: 'Bool', access: 'read' },
  { name: 'multicastMaxTransportDataUnit', id: 84, kind: 'Int32' },
  { name: 'vmciBufferSize', id: 85, kind: 'Uint64' },
  { name: 'vmciBufferMinSize', id: 86, kind: 'Uint64' },
  { name: 'vmciBufferMaxSize', id: 87, kind: 'Uint64' },
  { name: 'vmciConnectTimeout', id: 88, kind: 'Int32' },
  { name: 'interface', id: 92, kind: 'String' },
  { name: 'zapEnforceDomain', id: 93, kind: 'Bool' },
  { name: 'loopbackFastPath', id: 94, kind: 'Bool' },
]

/** Whatever has the option methods. */
type Methods = Record<string, (id: number, value?: unknown) => unknown>

function describe({ id, kind, access, values }: OptionProperty): PropertyDescriptor {
  const getter = `get${kind}Option`
  const setter = `set${kind}Option`
  const descriptor: PropertyDescriptor = {}
  if (access !== 'write') {
    descriptor.get = function get(this: Methods): unknown {
      const value = this[getter]!(id)
      return values === undefined ? value : values[value as number]
    }
  }
  if (access !== 'read') {
    descriptor.set = function set(this: Methods, value: unknown): void {
      this[setter]!(id, values === undefined ? value : values.indexOf(value as string | null))
    }
  }
  return descriptor
}

type IfEquals<X, Y, A, B = never> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? A : B
type Expand<T> = T extends infer O ? { [K in keyof O]: O[K] } : never
type AnyFunction = (...args: never[]) => unknown

/** The properties of `T` that can be assigned and are not methods. */
export type WritableKeys<T> = {
  [P in keyof T]-?: T[P] extends AnyFunction ? never : IfEquals<{ [Q in P]: T[P] }, { -readonly [Q in P]: T[P] }, P>
}[keyof T]

/** What a constructor takes to set the properties of `T`. */
export type Options<T, E = object> = Expand<Partial<E & Pick<T, WritableKeys<T>>>>

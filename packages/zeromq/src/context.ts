import { ContextCore } from './context-core.ts'
import { ZmqError } from './errors.ts'
import { SocketCore } from './socket-core.ts'
import { InprocThreads } from './inproc-threads.ts'
import { ZAP_ENDPOINT, type ZapLine } from './zap.ts'

/** What sockets share: names of inproc, limits, defaults. There is one for all that are not given another. */
export class Context {
  // Properties over the option methods; `sockets.ts` defines them from the table.
  declare ioThreads: number
  declare maxSockets: number
  declare readonly maxSocketsLimit: number
  declare threadPriority: number
  declare threadSchedulingPolicy: number
  declare maxMessageSize: number
  /** Default of new sockets. */
  declare ipv6: boolean
  /** False: new sockets do not linger by default. */
  declare blocky: boolean

  readonly #core = new ContextCore(dialZap)

  constructor(options?: object) {
    if (options !== undefined && (typeof options !== 'object' || options === null)) {
      throw new TypeError('Options must be an object')
    }
    CORES.set(this, this.#core)
    Object.preventExtensions(this)
    if (options !== undefined) Object.assign(this, options)
  }

  protected getBoolOption(option: number): boolean {
    return Boolean(get(this.#core, option))
  }

  protected setBoolOption(option: number, value: boolean): void {
    if (typeof value !== 'boolean') throw new TypeError('Option value must be a boolean')
    set(this.#core, option, value ? 1 : 0)
  }

  protected getInt32Option(option: number): number {
    return Number(get(this.#core, option))
  }

  protected setInt32Option(option: number, value: number): void {
    if (typeof value !== 'number') throw new TypeError('Option value must be a number')
    set(this.#core, option, Math.trunc(value))
  }
}

/** The inside of a context, for the other files of this package. */
export function coreOfContext(context: object): ContextCore {
  const core = CORES.get(context)
  if (core === undefined) throw new TypeError('Context must be a context object')
  return core
}

const CORES = new WeakMap<object, ContextCore>()

/** The context of every socket that is not given another. */
export const context: Context = shared(new Context())

/** The contexts of all threads together: their inproc names can be reached from each. */
function shared(one: Context): Context {
  const core = coreOfContext(one)
  core.inproc.threads = new InprocThreads(core.inproc, core.frames)
  return one
}

const SOCKET_LIMIT = 65535

function get(core: ContextCore, option: number): number | boolean {
  if (typeof option !== 'number') throw new TypeError('Identifier must be a number')
  const { options } = core
  switch (option) {
    case 1:
      return options.ioThreads
    case 2:
      return options.maxSockets
    case 3:
      return SOCKET_LIMIT
    case 5:
      return options.maxMessageSize
    case 6:
      return 64
    case 10:
      return options.zeroCopyReceive
    case 42:
      return options.ipv6
    case 70:
      return options.blocky
    default:
      throw new ZmqError('EINVAL')
  }
}

function set(core: ContextCore, option: number, value: number): void {
  if (typeof option !== 'number') throw new TypeError('Identifier must be a number')
  const { options } = core
  const least = option === 2 ? 1 : 0
  if (value < least) throw new ZmqError('EINVAL')
  switch (option) {
    case 1:
      options.ioThreads = value
      return
    case 2:
      if (value > SOCKET_LIMIT) throw new ZmqError('EINVAL')
      options.maxSockets = value
      return
    case 3:
      options.threadPriority = value
      return
    case 4:
      options.threadSchedulingPolicy = value
      return
    case 5:
      options.maxMessageSize = value
      return
    case 7:
    case 8:
      return
    case 10:
      options.zeroCopyReceive = value !== 0
      return
    case 42:
      options.ipv6 = value !== 0
      return
    case 70:
      options.blocky = value !== 0
      return
    default:
      throw new ZmqError('EINVAL')
  }
}

function dialZap(core: ContextCore): ZapLine | undefined | Promise<ZapLine | undefined> {
  const name = ZAP_ENDPOINT.slice('inproc://'.length)
  if (core.inproc.has(name)) return lineTo(core)
  // A handler of another thread: whoever is not asked although there is one would be let in.
  return core.inproc.threads?.elsewhere(name)?.then(there => (there ? lineTo(core) : undefined))
}

function lineTo(core: ContextCore): ZapLine {
  const socket = new SocketCore(core, 'DEALER', { internal: true })
  socket.endpoints.connect(ZAP_ENDPOINT)
  return {
    send: (frames, signal) => socket.send(frames, undefined, signal),
    receive: signal => socket.receive(signal),
    close: () => socket.close(),
  }
}

// The two implementations behind one type: that of the `zeromq` package, with its draft sockets.
import type { Readable, Socket, SocketOptions, Writable } from 'zeromq'

export type Name = 'ours' | 'native'
type Stable = typeof import('zeromq')
type Draft = typeof import('zeromq/draft.js')

/** A socket type that the v6 API has no class for, made by its number. */
export type ByNumber = Socket & Readable & Writable

export type Zmq = Stable &
  Draft & {
    /** Socket type 19. */
    readonly Peer: new (options?: SocketOptions<ByNumber>) => ByNumber
    /** Socket type 20. */
    readonly Channel: new (options?: SocketOptions<ByNumber>) => ByNumber
  }

const loaded = new Map<Name, Promise<Zmq>>()

export function implementation(name: Name): Promise<Zmq> {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const made = name === 'native' ? native() : ours()
  loaded.set(name, made)
  return made
}

async function native(): Promise<Zmq> {
  const silenced = process.emitWarning
  process.emitWarning = () => {}
  const [stable, draft] = await Promise.all([import('zeromq'), import('zeromq/draft.js')])
  process.emitWarning = silenced
  return together(stable, draft)
}

async function ours(): Promise<Zmq> {
  const [stable, draft] = await Promise.all([import('@millrace/zeromq'), import('@millrace/zeromq/draft')])
  return together(stable as unknown as Stable, draft as unknown as Draft)
}

function together(stable: Stable, draft: Draft): Zmq {
  type Base = new (type: number, options?: object) => ByNumber
  const Base = stable.Socket as unknown as Base
  class Peer extends Base {
    constructor(options?: object) {
      super(19, options)
    }
  }
  class Channel extends Base {
    constructor(options?: object) {
      super(20, options)
    }
  }
  return { ...stable, ...draft, Peer, Channel } as unknown as Zmq
}

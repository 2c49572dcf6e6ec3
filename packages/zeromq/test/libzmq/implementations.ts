// The two implementations behind one type: that of the `zeromq` package, with its draft sockets.
import type * as Stable from 'zeromq'
import type * as Draft from 'zeromq/draft.js'

type Socket = Stable.Socket

export type Name = 'ours' | 'native'

/** A socket type that the v6 API has no class for, made by its number. */
export type ByNumber = Socket & Stable.Readable & Stable.Writable

export type Zmq = typeof Stable &
  typeof Draft & {
    /** Socket type 19. */
    readonly Peer: new (options?: Stable.SocketOptions<ByNumber>) => ByNumber
    /** Socket type 20. */
    readonly Channel: new (options?: Stable.SocketOptions<ByNumber>) => ByNumber
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
  const [stable, draft] = await Promise.all([import('zeromq'), import('zeromq/draft.js')])
  return together(stable, draft)
}

async function ours(): Promise<Zmq> {
  const [stable, draft] = await Promise.all([import('@millrace/zeromq'), import('@millrace/zeromq/draft')])
  return together(stable as unknown as typeof Stable, draft as unknown as typeof Draft)
}

function together(stable: typeof Stable, draft: typeof Draft): Zmq {
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

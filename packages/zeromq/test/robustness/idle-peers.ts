/**
 * A program for memory.slow.test.ts, told what to do by its parent: `idle-peers.ts serve MECHANISM` binds a ROUTER and says
 * how much memory it takes whenever asked; `idle-peers.ts connect MECHANISM` connects as many DEALERs as it is asked for.
 */
import { setOption } from '../../src/extra.ts'
import * as zmq from '../../src/index.ts'

/** Octets; after everything that nobody holds was collected. */
export interface Memory {
  readonly heap: number
  readonly external: number
  readonly resident: number
}

/** What the parent says. */
export type Order =
  | { readonly is: 'measure' }
  | { readonly is: 'expect'; readonly peers: number }
  | { readonly is: 'connect'; readonly peers: number; readonly endpoint: string; readonly serverKey: string }

/** What it answers. */
export type Answer =
  | { readonly is: 'bound'; readonly endpoint: string; readonly serverKey: string }
  | { readonly is: 'memory'; readonly memory: Memory }
  | { readonly is: 'done' }

const [role, mechanism] = process.argv.slice(2)
const keys = zmq.curveKeyPair()

if (role === 'serve') {
  const router = new zmq.Router({
    linger: 0,
    ...(mechanism === 'CURVE' && { curveServer: true, curveSecretKey: keys.secretKey }),
  })
  setOption(router, 'maxHandshakes', 10_000)
  await router.bind('tcp://127.0.0.1:*')
  on(async order => {
    if (order.is === 'measure') return { is: 'memory', memory: await measure() }
    if (order.is === 'expect') for (let i = 0; i < order.peers; i++) await router.receive()
    return { is: 'done' }
  })
  process.send?.({ is: 'bound', endpoint: router.lastEndpoint!, serverKey: keys.publicKey } satisfies Answer)
} else {
  const peers: zmq.Dealer[] = []
  zmq.context.maxSockets = 10_000
  on(async order => {
    if (order.is !== 'connect') return { is: 'done' }
    for (let i = 0; i < order.peers; i++) {
      const dealer = new zmq.Dealer({
        linger: 0,
        ...(mechanism === 'CURVE' && {
          curveServerKey: order.serverKey,
          curvePublicKey: keys.publicKey,
          curveSecretKey: keys.secretKey,
        }),
      })
      peers.push(dealer)
      dealer.connect(order.endpoint)
      await dealer.send('here')
    }
    return { is: 'done' }
  })
}

function on(work: (order: Order) => Promise<Answer>): void {
  process.on('message', (order: Order) => void work(order).then(answer => process.send?.(answer)))
  process.on('disconnect', () => process.exit())
}

async function measure(): Promise<Memory> {
  // What is freed in one collection lets go of more in the next.
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed, external, resident: rss }
}

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import type { Answer, Memory, Order } from './idle-peers.ts'

const PEERS = 2000
const KIB = 1024
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

test.each(['NULL', 'CURVE'])('two thousand idle peers by %s take at most 24 KiB each', async mechanism => {
  const server = start('serve', mechanism)
  const bound = await answer(server, 'bound')
  const clients = start('connect', mechanism)
  // The first ones also load the code and fill the pools.
  await come(server, clients, bound, 200)
  const before = await measure(server)

  await come(server, clients, bound, PEERS)

  const after = await measure(server)
  const each = {
    heap: (after.heap - before.heap) / PEERS,
    external: (after.external - before.external) / PEERS,
    resident: (after.resident - before.resident) / PEERS,
  }
  console.log(
    `${mechanism}: ${Object.entries(each)
      .map(([what, octets]) => `${what} ${(octets / KIB).toFixed(1)} KiB`)
      .join(', ')} a connection`,
  )
  expect(each.heap + each.external).toBeLessThan(24 * KIB)
  // What the process takes from the system counts as well: handles, and what allocators keep.
  expect(each.resident).toBeLessThan(24 * KIB)
})

type Bound = Extract<Answer, { is: 'bound' }>

function start(role: string, mechanism: string): ChildProcess {
  const program = fileURLToPath(new URL('idle-peers.ts', import.meta.url))
  const child = fork(program, [role, mechanism], { execArgv: ['--expose-gc', '--conditions=millrace-source'] })
  children.push(child)
  return child
}

async function come(server: ChildProcess, clients: ChildProcess, bound: Bound, peers: number): Promise<void> {
  // No more at once than the kernel's backlog has room for: it would try again after whole seconds.
  for (let left = peers; left > 0; left -= 50) {
    const heard = ask(server, { is: 'expect', peers: 50 })
    await ask(clients, { is: 'connect', peers: 50, endpoint: bound.endpoint, serverKey: bound.serverKey })
    await heard
  }
}

async function measure(server: ChildProcess): Promise<Memory> {
  server.send({ is: 'measure' } satisfies Order)
  return (await answer(server, 'memory')).memory
}

async function ask(child: ChildProcess, order: Order): Promise<void> {
  child.send(order)
  await answer(child, 'done')
}

async function answer<T extends Answer['is']>(child: ChildProcess, is: T): Promise<Extract<Answer, { is: T }>> {
  const ended = new AbortController()
  const exited = once(child, 'exit', { signal: ended.signal }).then(() => Promise.reject(new Error('it has ended')))
  const [said] = (await Promise.race([once(child, 'message'), exited])) as [Answer]
  exited.catch(() => {})
  ended.abort()
  expect(said.is).toBe(is)
  return said as Extract<Answer, { is: T }>
}

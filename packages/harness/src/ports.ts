import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'
import { HarnessError } from './error.ts'

// Below the range that the system gives to outgoing connections (32768 and up on Linux). A client that keeps calling a stopped server on a
// port of that range is sooner or later given that very port as its own, and is then connected to itself.
const lowest = 15_000
const highest = 31_999

/** `count` different ports of 127.0.0.1 on which nothing listens now. Rejects `START_FAILED` where none can be found. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 1000) throw new HarnessError('START_FAILED', `no free port between ${lowest} and ${highest}`)
    const port = randomInt(lowest, highest + 1)
    if (!found.has(port) && (await isFree(port))) found.add(port)
  }
  return [...found]
}

/** Whether a server could listen on that port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return await new Promise(resolve => {
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

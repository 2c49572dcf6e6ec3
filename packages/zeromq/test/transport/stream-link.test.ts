import { expect, test } from 'vitest'
import { tmpdir } from 'node:os'
import { ipcTransport } from '../../src/transport/ipc.ts'
import { tcpTransport } from '../../src/transport/tcp.ts'
import type { Link, LinkOptions, Listener, Receiver, Transport } from '../../src/transport/transport.ts'

const OPTIONS: LinkOptions = {
  ipv6: false,
  backlog: 100,
  keepAlive: -1,
  keepAliveIdle: -1,
  typeOfService: 0,
  acceptFilters: [],
  connectTimeout: 0,
  socksProxy: '',
  socksUsername: '',
  socksPassword: '',
  useFd: -1,
  reads: 'direct',
  multicastHops: 1,
  multicastLoop: true,
  sendBufferSize: -1,
  receiveBufferSize: -1,
  mechanism: 'NULL',
  socketType: 'PAIR',
  largestFrame: 2 ** 32,
  tls: { certificate: '', key: '', trust: '', trustSystem: false, hostname: '' },
}

/** Keeps what it is given; stops reading at each `pauseAt` octets until `resume`. */
class Sink implements Receiver {
  octets = 0
  sum = 0
  writes = 0
  readonly #buffer = Buffer.alloc(10_000)
  readonly #pauseAt: number
  readonly gone: Promise<Error | undefined>
  readonly #gone: (error: Error | undefined) => void
  paused: () => void = () => {}

  constructor(pauseAt = Infinity) {
    this.#pauseAt = pauseAt
    const { promise, resolve } = withResolvers<Error | undefined>()
    this.gone = promise
    this.#gone = resolve
  }

  space(): Uint8Array {
    return this.#buffer
  }

  filled(size: number): boolean {
    return this.push(this.#buffer.subarray(0, size))
  }

  push(chunk: Uint8Array): boolean {
    const before = Math.floor(this.octets / this.#pauseAt)
    this.octets += chunk.length
    for (const octet of chunk) this.sum = (this.sum + octet) % 1_000_003
    if (Math.floor(this.octets / this.#pauseAt) === before) return true
    this.paused()
    return false
  }

  written(): void {
    this.writes++
    this.onWritten()
  }

  onWritten: () => void = () => {}

  closed(error: Error | undefined): void {
    this.#gone(error)
  }
}

interface Pair {
  readonly here: Link
  readonly there: Link
  readonly listener: Listener
}

async function pairOver(transport: Transport, address: string, reads: 'direct' | 'data'): Promise<Pair> {
  const options = { ...OPTIONS, reads }
  const { promise, resolve } = withResolvers<Link>()
  const listener = await transport.listen(address, options, { accepted: resolve, failed: () => {} })
  const here = await new Promise<Link>((connected, failed) =>
    transport.connect(listener.endpoint.replace(/^\w+:\/\//, ''), options, { connected, failed }),
  )
  return { here, there: await promise, listener }
}

const cases = (['tcp', 'ipc'] as const).flatMap(kind =>
  (['direct', 'data'] as const).map(reads => [kind, reads] as const),
)

test.each(cases)('over %s, %s reads: all octets arrive, through pauses, and the end is told', async (kind, reads) => {
  const transport = kind === 'tcp' ? tcpTransport(Buffer.alloc(4096)) : ipcTransport(Buffer.alloc(4096))
  const address = kind === 'tcp' ? '127.0.0.1:*' : `${tmpdir()}/mr-link-${process.pid}-${reads}`
  const { here, there, listener } = await pairOver(transport, address, reads)
  const [sender, sink] = [new Sink(), new Sink(100_000)]
  sink.paused = () => void setImmediate(() => there.resume())
  here.start(sender)
  there.start(sink)
  const body = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 251))

  let left = 40
  const more = (): void => {
    while (left > 0) {
      left--
      if (!here.write([body.subarray(0, 7), body.subarray(7)])) return
    }
    here.end()
  }
  sender.onWritten = more
  more()
  await sink.gone

  expect(sink.octets).toBe(40 * body.length)
  expect(sink.sum).toBe((40 * body.reduce((sum, octet) => sum + octet, 0)) % 1_000_003)
  there.destroy()
  await listener.close()
})

test.each(cases)('over %s, %s reads: a link that is destroyed says nothing more', async (kind, reads) => {
  const transport = kind === 'tcp' ? tcpTransport(Buffer.alloc(4096)) : ipcTransport(Buffer.alloc(4096))
  const address = kind === 'tcp' ? '127.0.0.1:*' : `${tmpdir()}/mr-gone-${process.pid}-${reads}`
  const { here, there, listener } = await pairOver(transport, address, reads)
  const [quiet, told] = [new Sink(), new Sink()]
  here.start(quiet)
  there.start(told)
  let said = false
  void quiet.gone.then(() => (said = true))

  here.destroy()
  here.destroy()
  await told.gone

  expect(said).toBe(false)
  await listener.close()
})

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void // set by the executor, which runs at once
  const promise = new Promise<T>(done => (resolve = done))
  return { promise, resolve }
}

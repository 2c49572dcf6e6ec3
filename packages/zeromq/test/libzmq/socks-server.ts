// A SOCKS 5 proxy of our own (RFC 1928, RFC 1929) that does what a test tells it.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Scene } from './kit.ts'

export interface SocksOptions {
  /** Name and password to ask for. */
  readonly credentials?: readonly [string, string]
  /** Sends every reply one octet at a time. */
  readonly fragmented?: boolean
  /** The reply to CONNECT, 0 for success. */
  readonly reply?: number
  /** The address type of the reply: 1 IPv4, 3 a name, 4 IPv6. */
  readonly replyType?: 1 | 3 | 4
  /** The method to choose whatever was offered. */
  readonly method?: number
}

export interface Socks {
  readonly address: string
  /** What clients asked for: type of address, then host:port. */
  readonly asked: string[]
  readonly methods: number[][]
}

export async function socksServer(scene: Scene, options: SocksOptions = {}): Promise<Socks> {
  const asked: string[] = []
  const methods: number[][] = []
  const open = new Set<Socket>()
  const server = createServer(client => {
    open.add(client)
    client.on('error', () => {})
    serve(client, options, asked, methods, open).catch(() => client.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  scene.defer(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, methods }
}

async function serve(
  client: Socket,
  options: SocksOptions,
  asked: string[],
  methods: number[][],
  open: Set<Socket>,
): Promise<void> {
  const { read, rest } = reader(client)
  const write = async (octets: Buffer): Promise<void> => {
    if (options.fragmented !== true) return void client.write(octets)
    for (const octet of octets) {
      client.write(Buffer.from([octet]))
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const [, count = 0] = await read(2)
  methods.push([...(await read(count))])
  const wanted = options.method ?? (options.credentials === undefined ? 0 : 2)
  await write(Buffer.from([5, methods.at(-1)?.includes(wanted) === true ? wanted : 255]))
  if (wanted === 2) {
    const [, nameSize = 0] = await read(2)
    const name = (await read(nameSize)).toString()
    const [passwordSize = 0] = await read(1)
    const password = (await read(passwordSize)).toString()
    const right = name === options.credentials?.[0] && password === options.credentials[1]
    await write(Buffer.from([1, right ? 0 : 1]))
    if (!right) return void client.end()
  }
  const [, , , type = 0] = await read(4)
  const size = type === 1 ? 4 : type === 4 ? 16 : ((await read(1))[0] ?? 0)
  const host = await read(size)
  const port = (await read(2)).readUInt16BE()
  const name = type === 1 ? host.join('.') : type === 3 ? host.toString() : '::1'
  asked.push(`${type} ${name}:${port}`)
  const bound = { 1: Buffer.from([127, 0, 0, 1]), 3: Buffer.from('\u0009localhost'), 4: Buffer.alloc(16) }[
    options.replyType ?? 1
  ]
  await write(
    Buffer.concat([Buffer.from([5, options.reply ?? 0, 0, options.replyType ?? 1]), bound, Buffer.from([0, 0])]),
  )
  if ((options.reply ?? 0) !== 0) return void client.end()
  const target = connect(port, name)
  open.add(target)
  target.on('error', () => client.destroy())
  target.write(rest())
  client.pipe(target).pipe(client)
}

function reader(socket: Socket): { read: (size: number) => Promise<Buffer>; rest: () => Buffer } {
  let held = Buffer.alloc(0)
  let wake = (): void => {}
  const take = (chunk: Buffer): void => {
    held = Buffer.concat([held, chunk])
    wake()
  }
  socket.on('data', take)
  return {
    async read(size) {
      while (held.length < size) await new Promise<void>(resolve => (wake = resolve))
      const taken = held.subarray(0, size)
      held = held.subarray(size)
      return taken
    },
    rest() {
      socket.off('data', take)
      return held
    },
  }
}

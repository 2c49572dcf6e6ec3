import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FaultProxy } from '../src/fault-proxy.ts'

/*
 *   client ── up ──▶ proxy ──▶ server
 *          ◀─ down ──      ◀──
 */
let server: Server
let proxy: FaultProxy
const open: Socket[] = []

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await FaultProxy.start({ to: (server.address() as AddressInfo).port })
})
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy()
  await proxy.close()
  server.close()
})

test('in good weather everything is forwarded both ways, ends of streams included', async () => {
  const { client, remote } = await pair()

  client.socket.end('question')
  await remote.until('question')
  await remote.ended
  remote.socket.end('answer')

  await client.until('answer')
  await client.ended
})

test('it closes under a client that comes back as soon as it is cut off', async () => {
  const { port } = proxy
  const refused = new Promise<void>(resolve => {
    const dial = (): void => {
      const socket = connect(port, '127.0.0.1')
      open.push(socket)
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') resolve()
        else dial()
      })
    }
    dial()
  })
  const [remote] = (await once(server, 'connection')) as [Socket]
  watch(remote)

  await proxy.close()
  await refused

  expect(proxy.connections).toBe(0)
})

test.each([undefined, 'both'] as const)('silence(%o) is silence both ways', async direction => {
  const { client, remote } = await pair()

  proxy.silence(direction)
  client.socket.write('question')
  remote.socket.write('answer')
  await new Promise(resolve => setTimeout(resolve, 50)) // nothing comes, however long

  expect([remote.text(), client.text()]).toEqual(['', ''])
  proxy.heal()
  await Promise.all([remote.until('question'), client.until('answer')])
})

test.each(['sideways', ''])('a direction %o is BAD_OPTION, and changes nothing', async direction => {
  const { client, remote } = await pair()

  expect(() => proxy.silence(direction as 'up')).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))

  client.socket.write('question')
  await remote.until('question')
})

test('a megabyte arrives whole, however the chunks fall', async () => {
  const { client, remote } = await pair()
  const sent = Buffer.alloc(3_000_000, 'abcdefg')

  client.socket.end(sent)
  await remote.ended

  expect(Buffer.concat(remote.chunks).equals(sent)).toBe(true)
})

test('a delay holds bytes back that long in its direction, and in their order', async () => {
  const { client, remote } = await pair()
  proxy.weather({ delay: 60 }, 'up')

  const start = performance.now()
  client.socket.write('one ')
  client.socket.write('two')
  remote.socket.write('quick')
  await client.until('quick')
  const down = performance.now() - start
  await remote.until('one two')
  const up = performance.now() - start

  expect(up).toBeGreaterThanOrEqual(59)
  expect(down).toBeLessThan(up)
})

test('a rate bounds the bytes a second', async () => {
  const { client, remote } = await pair()
  proxy.weather({ rate: 100_000 })

  const start = performance.now()
  client.socket.write(Buffer.alloc(20_000, 'x'))
  await remote.until('x'.repeat(20_000))

  expect(performance.now() - start).toBeGreaterThan(180)
})

test('silence keeps both sockets open and tells neither side; what was sent meanwhile arrives when it ends', async () => {
  const { client, remote } = await pair()
  proxy.silence()

  await new Promise<unknown>(resolve => client.socket.write('held', resolve))
  // The other direction shows that the proxy had its turns and did not use them to forward.
  proxy.weather({}, 'down')
  remote.socket.write('heard')
  await client.until('heard')
  const seen = remote.text()
  proxy.heal()
  await remote.until('held')

  expect(seen).toBe('')
  expect([client.socket.destroyed, remote.socket.destroyed]).toEqual([false, false])
})

test('a side that goes away in silence is not missed until the silence ends', async () => {
  const { client, remote } = await pair()
  proxy.silence()

  client.socket.resetAndDestroy()
  remote.socket.write('anyone?')
  await once(client.socket, 'close')
  const before = remote.socket.destroyed
  proxy.heal()
  const code = await remote.error

  expect(before).toBe(false)
  expect(code).toBe('ECONNRESET')
})

test('a cut ends both sides, and the next connection is served', async () => {
  const { client, remote } = await pair()

  proxy.cut()
  await Promise.all([client.ended, remote.ended])
  const next = await pair()
  next.client.socket.write('again')

  await next.remote.until('again')
})

test('a reset reaches both sides as ECONNRESET', async () => {
  const { client, remote } = await pair()

  proxy.cut('reset')

  expect(await Promise.all([client.error, remote.error])).toEqual(['ECONNRESET', 'ECONNRESET'])
})

test('the reset of one side reaches the other', async () => {
  const { client, remote } = await pair()

  remote.socket.resetAndDestroy()

  expect(await client.error).toBe('ECONNRESET')
})

test('while it refuses, no connection lives; after healing one does', async () => {
  const { client } = await pair()
  proxy.refuse()
  const refused = watch(connect(proxy.port, '127.0.0.1'))
  const errors = [await client.error, await refused.error]
  proxy.heal()
  const next = await pair()
  next.remote.socket.write('back')

  await next.client.until('back')
  expect(errors).toEqual(['ECONNRESET', 'ECONNRESET'])
})

test('a server that is not there resets the client', async () => {
  await pair()
  server.close()
  const client = watch(connect(proxy.port, '127.0.0.1'))

  expect(await client.error).toBe('ECONNRESET')
})

test('it puts its own port into a url, and leaves the password alone', () => {
  const { port } = proxy

  expect(proxy.through('amqp://guest:1234@127.0.0.1:5672/vhost')).toBe(`amqp://guest:1234@127.0.0.1:${port}/vhost`)
  expect(proxy.through('kafka://127.0.0.1:9092')).toBe(`kafka://127.0.0.1:${port}`)
})

test('nothing is left open after both sides have ended', async () => {
  const { client, remote } = await pair()
  const during = proxy.connections

  client.socket.end()
  remote.socket.end()
  await Promise.all([once(client.socket, 'close'), once(remote.socket, 'close')])
  await until(() => proxy.connections === 0)

  expect(during).toBe(1)
})

async function pair() {
  const socket = connect(proxy.port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  return { client: watch(socket), remote: watch(accepted) }
}

function watch(socket: Socket) {
  open.push(socket)
  const chunks: Buffer[] = []
  const error = new Promise<string | undefined>(resolve => {
    socket.on('error', (reason: NodeJS.ErrnoException) => resolve(reason.code))
  })
  const ended = new Promise<void>(resolve => socket.on('end', resolve))
  socket.on('data', chunk => chunks.push(chunk))
  const text = () => Buffer.concat(chunks).toString()
  return {
    socket,
    chunks,
    error,
    ended,
    text,
    until: async (wanted: string) => {
      while (text() !== wanted) await once(socket, 'data')
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

import { afterEach, expect, test, vi } from 'vitest'
import { BusyPoll } from '../src/busy-poll.ts'
import { getOption, setOption } from '../src/extra.ts'
import * as zmq from '../src/index.ts'
import { internals } from '../src/socket.ts'

const open: zmq.Socket[] = []
afterEach(() => {
  vi.restoreAllMocks()
  for (const socket of open.splice(0)) socket.close()
})

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** How often the event loop was asked for another turn while `act` ran. */
async function turns(act: () => Promise<unknown>): Promise<number> {
  const asked = vi.spyOn(globalThis, 'setImmediate')
  await act()
  const count = asked.mock.calls.length
  asked.mockRestore()
  return count
}

async function untilOver(now: { at: number }, steps: readonly number[]): Promise<number> {
  return turns(async () => {
    for (const at of steps) {
      now.at = at
      await turn()
    }
  }).then(count => count - steps.length)
}

test('the event loop turns until the time is over, and then no more', async () => {
  const now = { at: 0 }
  const poll = new BusyPoll(() => now.at)

  poll.extend(500)

  expect(await untilOver(now, [0.1, 0.2, 0.4])).toBe(3)
  poll.extend(200)
  expect(await untilOver(now, [0.5, 0.59, 0.61, 0.7, 0.8]), 'extended from 0.4 to 0.6').toBe(2)
  poll.extend(100)
  expect(await untilOver(now, [0.85, 0.95, 1])).toBe(1)
})

test('a shorter time does not end a longer one, and asks for no turns of its own', async () => {
  const now = { at: 0 }
  const poll = new BusyPoll(() => now.at)

  poll.extend(500)
  poll.extend(1)

  expect(await untilOver(now, [0.1, 0.4, 0.5, 0.6])).toBe(2)
})

test('once stopped it asks for no more turns, and begins anew when it is extended', async () => {
  const now = { at: 0 }
  const poll = new BusyPoll(() => now.at)

  poll.extend(500)
  poll.stop()
  expect(await untilOver(now, [0.1, 0.2])).toBe(0)
  poll.extend(100)
  expect(await untilOver(now, [0.25, 0.4])).toBe(1)
})

test('the event loop may sleep again as soon as the message is there', async () => {
  const [pull, push] = [new zmq.Pull(), new zmq.Push()]
  open.push(pull, push)
  setOption(pull, 'busyPoll', 1_000_000)
  await pull.bind('inproc://sleepy')
  push.connect('inproc://sleepy')

  const receiving = pull.receive()
  await turn()
  await push.send('x')
  await receiving
  await turn()

  expect(await turns(() => new Promise(resolve => setTimeout(resolve, 50)))).toBeLessThan(5)
})

test.each<[string, (socket: zmq.Pull, signal: AbortSignal) => Promise<unknown>]>([
  ['receive', (socket, signal) => socket.receive({ signal })],
  ['receiveMany', (socket, signal) => socket.receiveMany(10, { signal })],
  ['whenReadable', (socket, signal) => internals(socket).whenReadable(signal)],
])('%s that waits keeps the event loop awake for as long as busyPoll says', async (_, wait) => {
  const socket = new zmq.Pull()
  open.push(socket)
  const waits = (): Promise<number> =>
    turns(async () => await expect(wait(socket, AbortSignal.timeout(60))).rejects.toThrow('timeout'))

  const asleep = await waits()
  setOption(socket, 'busyPoll', 50_000)
  const awake = await waits()
  setOption(socket, 'busyPoll', 0)
  const again = await waits()

  expect(getOption(socket, 'busyPoll')).toBe(0)
  expect(asleep).toBeLessThan(5)
  expect(again).toBeLessThan(5)
  expect(awake).toBeGreaterThan(20)
})

test('questions and answers pass between sockets that keep awake, and timers run beside them', async () => {
  const server = new zmq.Reply()
  const client = new zmq.Request({ receiveTimeout: 5000 })
  open.push(server, client)
  for (const socket of [server, client]) setOption(socket, 'busyPoll', 1_000_000)
  await server.bind('tcp://127.0.0.1:*')
  client.connect(server.lastEndpoint!)
  let ticks = 0
  const timer = setInterval(() => ticks++, 5)
  void (async () => {
    for await (const message of server) await server.send(message)
  })()

  for (let i = 0; i < 100; i++) {
    await client.send(`${i}`)
    expect(String((await client.receive())[0])).toBe(`${i}`)
  }
  await new Promise(resolve => setTimeout(resolve, 100))
  clearInterval(timer)

  expect(ticks).toBeGreaterThan(5)
})

/**
 * What a user needs first, on whatever runs JavaScript: `node|bun|deno run -A smoke.ts`, with the package built.
 * Prints a line for each scene that holds, then `whole`; ends by itself, with 1 where a scene fails or takes too long.
 */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import * as zmq from '@millrace/zeromq'
import { Dish, Radio } from '@millrace/zeromq/draft'
import { authenticate, terminate } from '@millrace/zeromq/extra'

type Address = string
const path = join(tmpdir(), `millrace-smoke-${process.pid}.sock`)
const addresses: Readonly<Record<string, Address>> = {
  tcp: 'tcp://127.0.0.1:*',
  ipc: `ipc://${path}`,
  inproc: 'inproc://smoke',
  ws: 'ws://127.0.0.1:*/smoke',
}

const scenes: Readonly<Record<string, (address: Address) => Promise<void>>> = {
  async 'PUSH and PULL'(address) {
    for (const size of [0, 1, 255, 256, 70_000, 3_000_000]) {
      const pull = new zmq.Pull()
      await pull.bind(address)
      const push = new zmq.Push()
      push.connect(end(pull))
      const body = Buffer.alloc(size, 'm')
      const sending = (async () => {
        for (let i = 0; i < 50; i++) await push.send([String(i), body])
      })()
      for (let i = 0; i < 50; i++) {
        const [number, whole] = await pull.receive()
        same(String(number), String(i))
        same(body.equals(whole!), true)
      }
      await sending
      push.close()
      pull.close()
    }
  },
  async 'many small ones'(address) {
    const pull = new zmq.Pull()
    await pull.bind(address)
    const push = new zmq.Push()
    push.connect(end(pull))
    const sending = (async () => {
      for (let i = 0; i < 20_000; i++) await push.send(String(i))
      push.close()
    })()
    for (let i = 0; i < 20_000; i++) same(String(await pull.receive()), String(i))
    await sending
    pull.close()
  },
  async 'REQ and REP'(address) {
    const reply = new zmq.Reply()
    await reply.bind(address)
    const serving = (async () => {
      for await (const [text] of reply) await reply.send(`${String(text)} to you`)
    })()
    const request = new zmq.Request()
    request.connect(end(reply))
    for (let i = 0; i < 100; i++) {
      await request.send(`hello ${i}`)
      same(String(await request.receive()), `hello ${i} to you`)
    }
    request.close()
    reply.close()
    await serving
  },
  async 'PUB and SUB'(address) {
    const publisher = new zmq.XPublisher()
    await publisher.bind(address)
    const subscriber = new zmq.Subscriber()
    subscriber.subscribe('a')
    subscriber.connect(end(publisher))
    same(String(await publisher.receive()), '\u0001a')
    for (let i = 0; i < 500; i++) {
      await publisher.send(['b', 'not wanted'])
      await publisher.send(['a', String(i)])
    }
    for (let i = 0; i < 500; i++) same(String((await subscriber.receive())[1]), String(i))
    subscriber.close()
    publisher.close()
  },
  async 'CURVE and ZAP'(address) {
    if (address.startsWith('inproc')) return
    const [server, client] = [zmq.curveKeyPair(), zmq.curveKeyPair()]
    const context = new zmq.Context()
    authenticate(context, ({ mechanism }) => ({ status: mechanism === 'CURVE' ? 200 : 400 }))
    const pull = new zmq.Pull({ context, curveServer: true, curveSecretKey: server.secretKey, heartbeatInterval: 50 })
    await pull.bind(address)
    const push = new zmq.Push({
      context,
      curveServerKey: server.publicKey,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
      heartbeatInterval: 50,
    })
    push.connect(end(pull))
    const body = Buffer.alloc(100_000, 's')
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await push.send([String(i), i % 20 === 0 ? body : 'small'])
    })()
    for (let i = 0; i < 200; i++) {
      const [number, frame] = await pull.receive()
      same(String(number), String(i))
      same(frame!.length, i % 20 === 0 ? body.length : 5)
    }
    await sending
    push.close()
    pull.close()
    await terminate(context)
  },
  async 'a peer that goes and comes'(address) {
    if (address.startsWith('inproc')) return
    const first = new zmq.Pull()
    await first.bind(address)
    const there = end(first)
    const push = new zmq.Push({ reconnectInterval: 20 })
    push.connect(there)
    await push.send('one')
    same(String(await first.receive()), 'one')
    const gone = new Promise(resolve => push.events.on('disconnect', resolve))
    await first.unbind(there)
    first.close()
    await gone
    const second = new zmq.Pull()
    await second.bind(there)
    await push.send('two')
    same(String(await second.receive()), 'two')
    push.close()
    second.close()
  },
}

async function radio(): Promise<void> {
  const dish = new Dish()
  dish.join('group')
  await dish.bind('udp://127.0.0.1:41387')
  const sender = new Radio()
  sender.connect('udp://127.0.0.1:41387')
  const timer = setInterval(() => void sender.send('datagram', { group: 'group' }), 20)
  const [body] = await dish.receive()
  clearInterval(timer)
  same(String(body), 'datagram')
  sender.close()
  dish.close()
}

function end(socket: { lastEndpoint: string | null }): string {
  return socket.lastEndpoint ?? ''
}

function same(got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${String(got)} came, not ${String(wanted)}`)
}

async function play(title: string, scene: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('not within 20 s')), 20_000)
  })
  try {
    await Promise.race([scene(), late])
    console.log(title)
  } catch (error) {
    console.log(`FAILED ${title}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    process.exit(1)
  } finally {
    clearTimeout(timer)
  }
}

for (const [transport, address] of Object.entries(addresses))
  for (const [title, scene] of Object.entries(scenes)) {
    await play(`${title} over ${transport}`, () => scene(address))
    rmSync(path, { force: true })
  }
await play('RADIO and DISH over udp', radio)
console.log('whole')

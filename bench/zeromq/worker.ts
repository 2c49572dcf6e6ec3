// One side of a case, over a library with the API of the `zeromq` package: ours or the native one.
//   worker.ts LIBRARY API ROLE PORT SIZE COUNT [curve]
// API is `await` (await send, for await), `batch` (sendMany, receiveMany), `packed` (sendMany, receivePacked, and each message is
// looked at), `data` (as await, and read by 'data' events) or `poll` (as await, and the event loop is kept awake for 200 µs while a receive
// waits).
// A receiver says "ready" when it is bound and "result N" when it is done; a sender stays until it is killed.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PackedMessages } from '@millrace/zeromq'
import type * as Zmq from 'zeromq'

type Socket = Zmq.Socket
interface Batched {
  trySend(message: Uint8Array): boolean
  sendMany(messages: readonly Uint8Array[]): Promise<void>
  receiveMany(max?: number): Promise<unknown[]>
  receivePacked(max?: number): Promise<PackedMessages>
}

const subscribers = 16
// The key pairs of the CURVE manual page's example.
const keys = {
  server: { curveServer: true, curveSecretKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6' },
  client: {
    curveServerKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7',
    curvePublicKey: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID',
    curveSecretKey: 'D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs',
  },
}

const [, , library = '', api = '', role = '', port = '', sizeGiven = '', countGiven = '', mechanism] = process.argv
const size = Number(sizeGiven)
const count = Number(countGiven)
const endpoint = `tcp://127.0.0.1:${port}`
const zmq = (library === 'zeromq' ? await import('zeromq') : await import('@millrace/zeromq')) as unknown as typeof Zmq
const serverSide = mechanism === 'curve' ? keys.server : {}
const clientSide = mechanism === 'curve' ? keys.client : {}
const body = Buffer.alloc(size)
body[0] = 0x74

const roles: Record<string, () => Promise<void>> = { pull, push, rep, req, pub, sub, inproc }
const play = roles[role]
if (play === undefined) throw new Error(`no role '${role}'`)
await play()
// Senders are killed when the receiver has what it wants.
setInterval(() => {}, 1 << 30)

async function pull(): Promise<void> {
  const socket = reading(new zmq.Pull(serverSide))
  await socket.bind(endpoint)
  say('ready')
  await receiveAll(socket)
}

async function push(): Promise<void> {
  const socket = reading(new zmq.Push(clientSide))
  socket.connect(endpoint)
  await sendAll(socket)
}

async function rep(): Promise<void> {
  const socket = reading(new zmq.Reply(serverSide))
  await socket.bind(endpoint)
  say('ready')
  for await (const message of socket) await socket.send(message)
}

async function req(): Promise<void> {
  const socket = reading(new zmq.Request(clientSide))
  socket.connect(endpoint)
  const warm = Math.floor(count / 5)
  const took = new Float64Array(count - warm)
  for (let turn = 0; turn < count; turn++) {
    const began = performance.now()
    await socket.send(body)
    await socket.receive()
    if (turn >= warm) took[turn - warm] = (performance.now() - began) * 1000
  }
  took.sort()
  say(`result ${took[took.length >> 1]}`)
}

async function pub(): Promise<void> {
  const socket = new zmq.XPublisher({ noDrop: true })
  socket.verbosity = 'allSubs'
  await socket.bind(endpoint)
  say('ready')
  for (let heard = 0; heard < subscribers; heard++) await socket.receive()
  const batched = socket as unknown as Batched
  for (let sent = 0; sent < count;) {
    if (api === 'batch') {
      if (batched.trySend(body)) sent++
      else await nextTurn()
      continue
    }
    try {
      await socket.send(body)
      sent++
    } catch {
      // Full: no drop means that this one is sent again.
      await nextTurn()
    }
  }
}

async function sub(): Promise<void> {
  const all = count * subscribers
  const warm = Math.floor(all / 5)
  let began = 0
  let got = 0
  await new Promise<void>(resolve => {
    const took = (messages: number): void => {
      const before = got
      got += messages
      if (before < warm && got >= warm) began = performance.now()
      if (got >= all) resolve()
    }
    for (let at = 0; at < subscribers; at++) {
      const socket = new zmq.Subscriber()
      socket.subscribe('t')
      socket.connect(endpoint)
      void (async () => {
        if (api === 'batch') for (;;) took((await (socket as unknown as Batched).receiveMany()).length)
        for await (const message of socket) took(message.length)
      })()
    }
  })
  say(`result ${((all - warm) / (performance.now() - began)) * 1000}`)
}

async function inproc(): Promise<void> {
  const receiver = new zmq.Pull()
  await receiver.bind('inproc://bench')
  const sender = new zmq.Push()
  sender.connect('inproc://bench')
  void sendAll(sender)
  await receiveAll(receiver)
}

// Where the platform has no direct reads (Bun, Deno) `data` is how it reads.
function reading<S extends Socket>(socket: S): S {
  const options = socket as unknown as {
    setStringOption(id: number, value: string): void
    setInt32Option(id: number, value: number): void
  }
  if (api === 'data') options.setStringOption(10_008, 'data')
  if (api === 'poll') options.setInt32Option(113, 200)
  return socket
}

async function sendAll(socket: Socket & { send(message: Uint8Array): Promise<void> }): Promise<void> {
  if (api !== 'batch' && api !== 'packed') {
    for (let sent = 0; sent < count; sent++) await socket.send(body)
    return
  }
  const batch = Array.from({ length: Math.min(count, size >= 65_536 ? 8 : 256) }, () => body)
  for (let sent = 0; sent < count; sent += batch.length)
    await (socket as unknown as Batched).sendMany(sent + batch.length <= count ? batch : batch.slice(0, count - sent))
}

// The first fifth warms up and is not counted.
async function receiveAll(socket: Zmq.Pull): Promise<void> {
  const warm = Math.floor(count / 5)
  let began = 0
  let first = 0
  let got = 0
  const batched = socket as unknown as Batched
  const took = (messages: number): boolean => {
    got += messages
    if (began === 0 && got >= warm) {
      began = performance.now()
      first = got
    }
    return got >= count
  }
  if (api === 'batch') while (!took((await batched.receiveMany()).length));
  else if (api === 'packed') while (!took(lookedAt(await batched.receivePacked())));
  else for await (const message of socket) if (took(message.length)) break
  say(`result ${((got - first) / (performance.now() - began)) * 1000}`)
}

/** Looks at the first octet of each message, without a frame. Answers how many there were. */
function lookedAt(messages: PackedMessages): number {
  const { bytes, length } = messages
  let right = 0
  for (let i = 0; i < length; i++) if (bytes[messages.start(i)] === 0x74) right++
  return right
}

function say(what: string): void {
  process.stdout.write(`${what}\n`)
}

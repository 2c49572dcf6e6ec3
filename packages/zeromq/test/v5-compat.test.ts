import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import * as ours from '../src/v5-compat.ts'

const native = createRequire(import.meta.url)('zeromq/v5-compat') as typeof ours
const sockets: ours.Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

// Each promise is held against both packages: what version 5 does is what the native one shows.
describe.each([
  ['ours', ours],
  ['native', native],
] as const)('%s', (_name, zmq) => {
  const make = (type: ours.SocketType, settings?: Record<string, unknown>): ours.Socket => {
    const socket = zmq.socket(type, settings)
    // The native one reads on from sockets that are closed, and says so.
    socket.on('error', () => {})
    sockets.push(socket)
    return socket
  }
  const bound = async (socket: ours.Socket): Promise<string> => {
    await new Promise<void>((resolve, reject) =>
      socket.bind('tcp://127.0.0.1:*', error => (error ? reject(error) : resolve())),
    )
    return socket.last_endpoint!
  }

  test('requests and replies are events, and a send calls back', async () => {
    const rep = make('rep')
    rep.on('message', (...frames: Buffer[]) => rep.send(['you said', ...frames]))
    const req = make('req').connect(await bound(rep))
    const reply = once(req, 'message')
    const sent = new Promise<void>((resolve, reject) =>
      req.send(['hello', 'there'], 0, error => (error ? reject(error) : resolve())),
    )

    await sent
    expect((await reply).map(String)).toEqual(['you said', 'hello', 'there'])
  })

  test('parts that are sent with ZMQ_SNDMORE are one message', async () => {
    const pull = make('pull')
    const push = make('push').connect(await bound(pull))
    const message = once(pull, 'message')

    push.send('a', zmq.ZMQ_SNDMORE).send(Buffer.from('b'), zmq.ZMQ_SNDMORE).send('c')

    expect((await message).map(String)).toEqual(['a', 'b', 'c'])
  })

  test('options are properties, by short names, by numbers, and in the constructor', () => {
    const dealer = make('dealer', { linger: 5 })

    dealer.identity = 'me'
    dealer.setsockopt(zmq.ZMQ_SNDHWM, 7).setsockopt('linger', 9).setsockopt(zmq.ZMQ_IPV6, 1)

    expect([dealer.linger, dealer.getsockopt(zmq.ZMQ_SNDHWM), dealer.getsockopt(zmq.ZMQ_IPV6)]).toEqual([9, 7, 1])
    expect([String(dealer.identity), dealer.getsockopt(zmq.ZMQ_IPV4ONLY)]).toEqual(['me', false])
    expect([dealer.mechanism, dealer.getsockopt(zmq.ZMQ_TYPE)]).toEqual([0, zmq.ZMQ_DEALER])
    expect(() => dealer.setsockopt(4711, 1)).toThrow('Unknown option')
    expect(() => dealer.getsockopt('_fd')).toThrow('not supported in compatibility mode')
  })

  test('what a paused socket gets is emitted when it resumes', async () => {
    const pull = make('pull')
    const push = make('push').connect(await bound(pull))
    const got: string[] = []
    pull.on('message', (frame: Buffer) => got.push(String(frame)))
    push.send('1')
    await once(pull, 'message')

    pull.pause()
    push.send('2').send('3')
    for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
    expect(got).toEqual(['1'])
    const more = once(pull, 'message')
    pull.resume()
    await more
    while (got.length < 3) await once(pull, 'message')

    expect(got).toEqual(['1', '2', '3'])
  })

  test('subscribers subscribe, others cannot', async () => {
    const pub = make('xpub')
    const sub = make('sub').connect(await bound(pub))
    const subscribed = once(pub, 'message')
    sub.subscribe('news')
    await subscribed
    const message = once(sub, 'message')

    pub.send(['other', 'x']).send(['news', 'y'])

    expect((await message).map(String)).toEqual(['news', 'y'])
    expect(() => make('pull').subscribe('x')).toThrow('Subscriber socket required')
  })

  test('a monitor emits under the names of version 5', async () => {
    const rep = make('rep').monitor()
    const listening = once(rep, 'listen')
    const accepted = once(rep, 'accept')
    const endpoint = await bound(rep)
    make('req').connect(endpoint)

    expect((await listening)[1]).toBe(endpoint)
    expect((await accepted)[1]).toBe(endpoint)
    rep.unmonitor()
  })

  test('what goes wrong is an error event, or the callback’s', async () => {
    const first = make('rep')
    const endpoint = await bound(first)
    const failed = once(make('rep').bind(endpoint), 'error')

    expect((await failed)[0]).toMatchObject({ code: 'EADDRINUSE' })
    const error = await new Promise(resolve => make('rep').bind(endpoint, resolve))
    expect(error).toMatchObject({ code: 'EADDRINUSE' })
  })

  test('unknown types, contexts and read() are refused', () => {
    expect(() => zmq.socket('nonsense' as 'rep')).toThrow('Invalid socket type: nonsense')
    expect(() => new zmq.Context()).toThrow('compatibility mode')
    expect(() => make('rep').read()).toThrow('removed from compatibility mode')
  })

  test('a proxy of other pairs of sockets is refused', () => {
    expect(() => zmq.proxy(make('req'), make('rep'))).toThrow('not supported in compatibility mode')
  })
})

// The native one's proxy stands still now and then, or crashes its process: it is asked again. Ours is asked once.
test.each([
  ['ours', 1],
  ['native', 6],
] as const)(
  '%s: a proxy passes both ways and spares the capture the envelope',
  async (name, tries) => {
    let came: unknown
    for (let left = tries; left > 0 && came === undefined; left--) came = await throughProxy(name)

    expect(came).toEqual({ reply: ['hello!'], captured: ['hello!'] })
  },
  60_000,
)

function throughProxy(name: 'ours' | 'native'): Promise<unknown> {
  return new Promise(resolve => {
    const child = fork(fileURLToPath(new URL('v5-proxy.ts', import.meta.url)), [name], {
      execArgv: ['--conditions=millrace-source'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const late = setTimeout(() => child.kill('SIGKILL'), 8_000)
    child.on('message', resolve)
    child.on('exit', () => {
      clearTimeout(late)
      resolve(undefined)
    })
  })
}

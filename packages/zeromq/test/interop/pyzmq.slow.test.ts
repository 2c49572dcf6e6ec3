// Every legal pair of stable socket types × mechanism, with pyzmq (and the libzmq that it brings) on the other side.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { across, Events, type Both, type Scene } from '../libzmq/kit.ts'
import { ask, keys, mechanisms, ownContext, serve, type Keys, type Mechanism } from '../libzmq/security.ts'
import { verdict, zapHandler } from '../libzmq/zap-handler.ts'
import { make, type TypeName } from './socket-pairs.ts'

const script = fileURLToPath(new URL('peer.py', import.meta.url))
const packages = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace', 'pyzmq')
const oursOnly = 'the other side is pyzmq'
const why = missing()

// What python does: it echoes, tells what it got, or asks.
const played: readonly (readonly [ours: TypeName, theirs: TypeName, answer: 'echo' | 'tell' | 'ask'])[] = [
  ['PAIR', 'PAIR', 'echo'],
  ['REQ', 'REP', 'echo'],
  ['REQ', 'ROUTER', 'echo'],
  ['DEALER', 'REP', 'echo'],
  ['DEALER', 'ROUTER', 'echo'],
  ['DEALER', 'DEALER', 'echo'],
  ['PUSH', 'PULL', 'tell'],
  ['XPUB', 'SUB', 'tell'],
  ['XPUB', 'XSUB', 'tell'],
  ['PUB', 'SUB', 'tell'],
  ['PUB', 'XSUB', 'tell'],
  ['REP', 'REQ', 'ask'],
  ['ROUTER', 'REQ', 'ask'],
  ['ROUTER', 'DEALER', 'ask'],
  ['PULL', 'PUSH', 'ask'],
  ['SUB', 'XPUB', 'ask'],
  ['XSUB', 'XPUB', 'ask'],
  ['SUB', 'PUB', 'ask'],
  ['XSUB', 'PUB', 'ask'],
]

if (why !== undefined) test.skip(`pyzmq: ${why}`)
else
  for (const [ours, theirs, answer] of played)
    for (const mechanism of mechanisms)
      for (const binds of ['ours', 'theirs'] as const) {
        // libzmq's REQ takes the commands of a PLAIN server's handshake for messages.
        if (mechanism === 'PLAIN' && theirs === 'REQ' && binds === 'theirs') continue
        across(`${ours} to ${theirs} of pyzmq, ${mechanism}, ${binds} binds`, { oursOnly, over: ['tcp'] }, scene =>
          play(scene, ours, theirs, answer, mechanism, binds),
        )
      }

async function play(
  scene: Scene,
  type: TypeName,
  theirs: TypeName,
  answer: 'echo' | 'tell' | 'ask',
  mechanism: Mechanism,
  binds: 'ours' | 'theirs',
): Promise<void> {
  const pair = keys(scene.a)
  const context = ownContext(scene, scene.a)
  if (mechanism === 'PLAIN') await zapHandler(scene, scene.a, context, request => verdict(request, '200'))
  const socket = make(scene, scene.a, type, { context })
  if (binds === 'ours') serve(socket, mechanism, pair, '')
  else ask(socket, mechanism, pair)
  const events = new Events(socket)
  if (type === 'SUB') (socket as InstanceType<Scene['a']['Subscriber']>).subscribe('t')
  const endpoint = binds === 'ours' ? await scene.bind(socket) : 'tcp://127.0.0.1:*'
  const peer = python(scene, [theirs, binds === 'ours' ? 'connect' : 'bind', endpoint, mechanism, answer], pair)
  const theirEndpoint = (await peer.line('ready ')) ?? ''
  if (binds === 'theirs') socket.connect(theirEndpoint)
  await events.next('handshake')
  if (type === 'XSUB') await (socket as InstanceType<Scene['a']['XSubscriber']>).send('\u0001t')

  const both = socket as unknown as Both
  if (answer === 'echo') return echoed(type, theirs, both)
  if (answer === 'tell') return told(type, both, peer)
  await asked(type, theirs, both, peer)
}

const sent: readonly Buffer[][] = [
  ...[0, 1, 255, 256, 65_537].map(size => [Buffer.alloc(size, 'p')]),
  [Buffer.from('three'), Buffer.alloc(0), Buffer.alloc(300, 'parts')],
]

async function echoed(type: TypeName, theirs: TypeName, socket: Both): Promise<void> {
  const envelope = type === 'DEALER' && theirs === 'REP' ? [Buffer.alloc(0)] : []
  for (const message of sent) {
    await socket.send([...envelope, ...message])
    expect(sizes(await socket.receive())).toEqual(sizes([...envelope, ...message]))
  }
}

async function told(type: TypeName, socket: Both, peer: Python): Promise<void> {
  const topic = type === 'PUSH' ? [] : [Buffer.from('t')]
  if (type === 'XPUB') await socket.receive()
  if (type === 'PUB')
    for (let heard = false; !heard;) {
      await socket.send(['t', 'probe'])
      heard = (await Promise.race([peer.line('got '), new Promise(resolve => setTimeout(resolve, 20))])) !== undefined
    }
  for (const message of sent) {
    if (type !== 'PUSH') await socket.send(['not asked for', ...message])
    await socket.send([...topic, ...message])
    const expected = sizes([...topic, ...message])
    for (;;) {
      const got = (await peer.line('got '))?.split(' ') ?? []
      // A probe that came late.
      if (type === 'PUB' && got[1]?.startsWith('5:') === true && got.length === 2 && expected[1] !== got[1]) continue
      expect(got).toEqual(expected)
      break
    }
  }
}

async function asked(type: TypeName, theirs: TypeName, socket: Both, peer: Python): Promise<void> {
  const topic = type.endsWith('SUB') ? [Buffer.from('t')] : []
  if (theirs === 'PUB') {
    await socket.receive()
    peer.say('go')
  }
  for (const message of sent) {
    const envelope = theirs === 'REQ' && type === 'ROUTER' ? [Buffer.alloc(0)] : []
    let got = await socket.receive()
    while (theirs === 'PUB' && got[1]?.toString() === 'probe') got = await socket.receive()
    const body = type === 'ROUTER' ? got.slice(1) : got
    expect(sizes(body)).toEqual(sizes([...topic, ...envelope, ...message]))
    if (topic.length === 0 && type !== 'PULL') await socket.send(got)
  }
  await peer.line('done')
}

function sizes(frames: readonly Buffer[]): string[] {
  return frames.map(frame => `${frame.length}:${crc32(frame)}`)
}

interface Python {
  /** The rest of the next line that starts so. */
  line(start: string): Promise<string | undefined>
  say(text: string): void
}

function python(scene: Scene, args: readonly string[], { server, client }: Keys): Python {
  const child = spawn('python3', [script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PYTHONPATH: packages,
      SERVER_PUBLIC: server.publicKey,
      SERVER_SECRET: server.secretKey,
      CLIENT_PUBLIC: client.publicKey,
      CLIENT_SECRET: client.secretKey,
    },
  })
  scene.defer(() => child.kill('SIGKILL'))
  const lines: string[] = []
  let wake = (): void => {}
  createInterface({ input: child.stdout }).on('line', line => {
    lines.push(line)
    wake()
  })
  return {
    async line(start) {
      while (lines.length === 0) await new Promise<void>(resolve => (wake = resolve))
      const line = lines.shift() ?? ''
      expect(line.startsWith(start), line).toBe(true)
      return line.slice(start.length)
    },
    say: text => void child.stdin.write(`${text}\n`),
  }
}

// Installs pyzmq into the cache folder, once; says why where that cannot be.
function missing(): string | undefined {
  const works = (): boolean => {
    try {
      execFileSync('python3', ['-c', 'import zmq'], { env: { ...process.env, PYTHONPATH: packages }, stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
  if (existsSync(packages) && works()) return undefined
  try {
    execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' })
  } catch {
    return 'there is no pip on this machine to install it with'
  }
  try {
    const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', packages, 'pyzmq']
    execFileSync('python3', args, { stdio: 'ignore', timeout: 120_000 })
  } catch {
    return 'pip could not install it'
  }
  return works() ? undefined : 'it was installed, but python3 does not load it'
}

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../../', import.meta.url))
const home = join(root, 'packages/zeromq')
const tsc = join(root, 'node_modules/typescript/bin/tsc')

let folder: string

/** A program that talks to itself over tcp, whatever `zmq` is. */
const TALK = `
async function talk(zmq) {
  const push = new zmq.Push()
  const pull = new zmq.Pull()
  await push.bind('tcp://127.0.0.1:*')
  pull.connect(push.lastEndpoint)
  await push.send('hello')
  for await (const [frame] of pull) {
    console.log(String(frame))
    pull.close()
  }
  push.close()
}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-dependent-'))
  const modules = join(folder, 'node_modules')
  const dist = join(folder, 'dist')
  await mkdir(join(modules, '@millrace/zeromq'), { recursive: true })
  await writeFile(
    join(folder, 'build.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        rewriteRelativeImportExtensions: true,
        rootDir: join(home, 'src'),
        outDir: dist,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: [join(home, 'src')],
      // It needs millrace, which is not there.
      exclude: [join(home, 'src/pubsub.ts')],
    }),
  )
  await run(process.execPath, [tsc, '--project', join(folder, 'build.json')])
  const built = join(modules, '@millrace/zeromq')
  await cp(dist, join(built, 'dist'), { recursive: true })
  await cp(join(home, 'package.json'), join(built, 'package.json'))
  // As npm lays out "zeromq": "npm:@millrace/zeromq".
  await cp(built, join(modules, 'zeromq'), { recursive: true })
  await symlink(join(root, 'node_modules/@types'), join(modules, '@types'))
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

async function program(name: string, source: string): Promise<string> {
  await writeFile(join(folder, name), source)
  const { stdout, stderr } = await run(process.execPath, [join(folder, name)], { timeout: 20_000 })
  expect(stderr).toBe('')
  return stdout.trim()
}

for (const name of ['@millrace/zeromq', 'zeromq']) {
  test(`a module imports '${name}'`, async () => {
    const source = `import * as zmq from '${name}'\n${TALK}\nawait talk(zmq)`

    expect(await program('module.mjs', source)).toBe('hello')
  })

  test(`a script requires '${name}'`, async () => {
    const source = `const zmq = require('${name}')\n${TALK}\ntalk(zmq)`

    expect(await program('script.cjs', source)).toBe('hello')
  })

  test(`import and require of '${name}' are one copy`, async () => {
    const source = `
      import { createRequire } from 'node:module'
      import * as imported from '${name}'
      const required = createRequire(import.meta.url)('${name}')
      console.log(imported.context === required.context, imported.Push === required.Push)`

    expect(await program('both.mjs', source)).toBe('true true')
  })
}

test('every subpath but the one that needs millrace can be imported and required', async () => {
  const { exports } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { exports: object }
  const paths = Object.keys(exports)
    .filter(path => path !== './pubsub' && path !== './package.json')
    .map(path => `zeromq${path.slice(1)}`)
  const source = `
    import { createRequire } from 'node:module'
    const require = createRequire(import.meta.url)
    for (const path of ${JSON.stringify(paths)}) {
      const one = Object.keys(await import(path)).filter(name => name !== 'module.exports' && name !== 'default')
      const other = Object.keys(require(path))
      console.log(path, one.length > 0 && other.length > 0)
    }`

  const lines = (await program('paths.mjs', source)).split('\n')
  expect(lines).toEqual(paths.map(path => `${path} true`))
  expect(lines).toHaveLength(6)
})

test('a TypeScript program written for zeromq v6 compiles against the types', async () => {
  await writeFile(
    join(folder, 'typed.mts'),
    `import * as zmq from 'zeromq'
    import { Server } from 'zeromq/draft'
    import type { Event, EventOfType, Message, MessageLike, Readable, SocketOptions, Writable } from 'zeromq'

    class Custom extends zmq.Socket {
      constructor(options?: SocketOptions<Custom>) {
        super(8, options)
      }
      get lingering(): number {
        return this.getInt32Option(17)
      }
      set lingering(value: number) {
        this.setInt32Option(17, value)
      }
    }
    const custom: zmq.Socket = new Custom({ linger: 0, lingering: 5 })
    const dealer = new zmq.Dealer({ routingId: 'me', sendTimeout: 5, context: new zmq.Context({ blocky: false }) })
    const sends: Writable = dealer
    const receives: Readable = dealer
    const parts: MessageLike[] = ['text', Buffer.alloc(1), new Uint8Array(1), null, 7]
    await sends.send(parts)
    const [first]: Message[] = await receives.receive()
    for await (const [a, b] of dealer) console.log(a?.length, b)
    const stream = new zmq.Stream()
    await stream.send(['id', 'body'])
    const [id, body] = await stream.receive()
    const server = new Server()
    const [frame, { routingId }] = await server.receive()
    await server.send(frame, { routingId })
    dealer.events.on('connect:retry', ({ address, interval }: EventOfType<'connect:retry'>) => console.log(address, interval))
    dealer.events.on('handshake:error:auth', event => console.log(event.error.status))
    for await (const event of dealer.events) {
      const known: Event = event
      if (known.type === 'accept:error') console.log(known.error.errno, known.address)
    }
    const xpub = new zmq.XPublisher({ verbosity: 'allSubs', welcomeMessage: 'hi' })
    const proxy = new zmq.Proxy(new zmq.Router(), dealer)
    await proxy.run()
    const back: zmq.Dealer = proxy.backEnd
    console.log(custom, first, id.length, body.length, xpub, back, zmq.capability.curve === true, zmq.version.length)
    // @ts-expect-error a Push does not know this
    new zmq.Push({ correlate: true })
    // @ts-expect-error the type is only read
    dealer.type = 5
    `,
  )

  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node']
  const { stdout } = await run(process.execPath, [tsc, ...options, join(folder, 'typed.mts')], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
}, 60_000)

import { globSync, readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { page } from '../scripts/options.ts'
import * as draft from '../src/draft.ts'
import { getOption, setOption } from '../src/extra.ts'
import * as zmq from '../src/index.ts'
import { optionRow, type OptionInput, type OptionName } from '../src/options.ts'
import { OPTIONS } from '../src/option-table.ts'
import { Channel, Peer } from '../src/peer.ts'

const names = Object.keys(OPTIONS) as OptionName[]

/** A socket of each type, by its name on the wire. */
const makers: Readonly<Record<string, () => zmq.Socket>> = {
  REQ: () => new zmq.Request(),
  REP: () => new zmq.Reply(),
  DEALER: () => new zmq.Dealer(),
  ROUTER: () => new zmq.Router(),
  PUB: () => new zmq.Publisher(),
  SUB: () => new zmq.Subscriber(),
  XPUB: () => new zmq.XPublisher(),
  XSUB: () => new zmq.XSubscriber(),
  PUSH: () => new zmq.Push(),
  PULL: () => new zmq.Pull(),
  PAIR: () => new zmq.Pair(),
  STREAM: () => new zmq.Stream(),
  CLIENT: () => new draft.Client(),
  SERVER: () => new draft.Server(),
  PEER: () => new Peer(),
  CHANNEL: () => new Channel(),
}

test('the page of options is what the table gives', () => {
  const plain = (text: string): string => text.replaceAll(/[ \t]+|-{2,}:?|(?<=\|)-+/g, '')

  const docs = readFileSync(fileURLToPath(new URL('../../../docs/zeromq/options.md', import.meta.url)), 'utf8')

  expect(plain(docs)).toBe(plain(page))
})

test('an option that is said to take effect is read by something, and one that is only kept by nothing', () => {
  const source = fileURLToPath(new URL('../src', import.meta.url))
  const tables = /(option-table|option-properties|v5-options|v5-compat|sockets|draft|context)\.ts$/
  const code = globSync('**/*.ts', { cwd: source })
    .filter(file => !tables.test(file))
    .map(file => readFileSync(`${source}/${file}`, 'utf8'))
    .join('\n')
  const isRead = (name: OptionName): boolean => new RegExp(`\\b${name}\\b`).test(code)

  const acting = names.filter(name => ['now', 'next'].includes(optionRow(name).effect))
  const kept = names.filter(name => optionRow(name).effect === 'stored')

  // Whole messages are received at once: there is never more.
  expect(acting.filter(name => !isRead(name))).toEqual(['receiveMore'])
  expect(kept.filter(name => new RegExp(`\\b(values|options)\\.${name}\\b`).test(code))).toEqual([])
  expect(kept.filter(name => optionRow(name).note === undefined)).toEqual([])
})

describe.each(names)('%s', name => {
  const row = optionRow(name)
  const on = row.on === 'all' ? 'DEALER' : row.on.split(' ')[0]!
  const refuses = expect.objectContaining({ code: 'EINVAL' })
  const use = (run: (socket: zmq.Socket) => void, type = on): void => {
    const socket = makers[type]!()
    run(socket)
    socket.close()
  }

  test('is read and set as the table says', () =>
    use(socket => {
      const readable = row.access.includes('r') && (row.effect !== 'refused' || name === 'interface')
      if (!readable) expect(() => getOption(socket, name)).toThrow(refuses)
      else if (!['type', 'ipv6', 'ipv4Only', 'threadSafe', 'events'].includes(name))
        expect(getOption(socket, name)).toEqual(row.default === '' ? null : row.default)
      const settable = row.access.includes('w') && row.effect !== 'refused'
      if (!settable) expect(() => setOption(socket, name, valueFor(name))).toThrow(refuses)
    }))

  if (row.access === 'rw' && (row.type === 'int' || row.type === 'int64') && row.effect !== 'refused')
    test('takes its bounds and nothing beyond them, and keeps what it was given', () =>
      use(socket => {
        for (const bound of [row.min, row.max])
          if (bound !== undefined) {
            setOption(socket, name, bound)
            expect(getOption(socket, name)).toBe(name === 'heartbeatTimeToLive' ? bound - (bound % 100) : bound)
          }
        if (row.min !== undefined) expect(() => setOption(socket, name, row.min! - 1)).toThrow(refuses)
        if (row.max !== undefined) expect(() => setOption(socket, name, row.max! + 1)).toThrow(refuses)
      }))

  if (row.on !== 'all')
    test('is refused by every type that the table does not name', () => {
      const others = Object.keys(makers).filter(type => !row.on.split(' ').includes(type))
      expect(others.length).toBeGreaterThan(0)
      for (const type of others)
        use(socket => expect(() => setOption(socket, name, valueFor(name)), type).toThrow(refuses), type)
    })
})

test('an empty text is no name, password, proxy or filter, and null takes them back', () => {
  const socket = new zmq.Dealer()
  for (const name of ['plainUsername', 'plainPassword', 'socksProxy', 'tcpAcceptFilter'] as const) {
    expect(() => setOption(socket, name, ''), name).toThrow(expect.objectContaining({ code: 'EINVAL' }))
    setOption(socket, name, null)
  }
  socket.interface = null
  socket.close()
})

test('a DISH with a small buffer for datagrams keeps fewer of those that come while it is busy', async () => {
  const count = async (size: number, port: number): Promise<number> => {
    const dish = new draft.Dish({ receiveBufferSize: size })
    dish.join('g')
    await dish.bind(`udp://127.0.0.1:${port}`)
    const script = `const s = require('dgram').createSocket('udp4')
      let left = 64
      const next = () => (left-- > 0 ? s.send(Buffer.from('\\x01g' + 'x'.repeat(1000)), ${port}, '127.0.0.1', next) : s.close())
      next()`
    spawnSync(process.execPath, ['-e', script])
    dish.receiveTimeout = 100
    let received = 0
    for (;;) {
      try {
        await dish.receive()
        received++
      } catch {
        dish.close()
        return received
      }
    }
  }

  expect(await count(4096, 41_913)).toBeLessThan(16)
  expect(await count(200_000, 41_914)).toBeGreaterThan(48)
})

function valueFor(name: OptionName): OptionInput {
  const { type, min } = optionRow(name)
  switch (type) {
    case 'bool':
      return true
    case 'string':
      return 'text'
    case 'bytes':
    case 'key':
    case 'metadata':
      return 'x'.repeat(32)
    default:
      return Math.max(min ?? 0, 0)
  }
}

import { describe, expect, test } from 'vitest'
import { encodeCommand } from '../../src/wire/command.ts'
import { COMMAND, MORE, writeHeader } from '../../src/wire/frame.ts'
import { encodePing } from '../../src/wire/heartbeat.ts'
import { WS_CLOSE, WS_PING, WS_PONG, writeWsHeader } from '../../src/wire/websocket.ts'
import { chooseProtocol, impliedGreeting, offeredProtocols } from '../../src/wire/zws-protocol.ts'
import { ZwsReader } from '../../src/wire/zws-reader.ts'
import { ZwsWriter } from '../../src/wire/zws-writer.ts'

const MASK = Uint8Array.of(1, 2, 3, 4)

describe.each([
  ['a client', MASK],
  ['a server', undefined],
])('what %s writes', (_who, mask) => {
  const frames = [
    frame(0, new Uint8Array(0)),
    frame(MORE, Uint8Array.of(7)),
    frame(0, new Uint8Array(124).fill(8)),
    frame(0, new Uint8Array(125).fill(9)),
    frame(COMMAND, encodeCommand('READY', new Uint8Array(100))),
    frame(COMMAND, encodeCommand('JOIN', Uint8Array.of(65))),
    frame(0, new Uint8Array(255).fill(10)),
    frame(MORE, new Uint8Array(256).fill(11)),
    frame(0, new Uint8Array(70_000).fill(12)),
  ]
  const zmtp = Buffer.concat(frames)

  test('is read as the same frames, whatever pieces it is written and read in', () => {
    for (const size of [1, 2, 3, 7, 100, 1000, 65_536, zmtp.length]) {
      const wire = write(zmtp, { size, mask })
      for (const step of [size, size * 3, wire.length]) {
        expect(Buffer.compare(read(wire, step, mask !== undefined).octets, zmtp)).toBe(0)
      }
    }
  })

  test('leaves out the greeting', () => {
    const wire = write(Buffer.concat([new Uint8Array(64).fill(0xaa), frames[1]!]), { size: 5, mask, greeting: 64 })

    expect(Buffer.compare(read(wire, wire.length, mask !== undefined).octets, frames[1]!)).toBe(0)
  })

  test('has a PING of WebSocket for one of ZMTP, and nothing for a PONG', () => {
    const ping = frame(COMMAND, encodePing(100, Uint8Array.of(1, 2)))
    const pong = frame(COMMAND, encodeCommand('PONG', Uint8Array.of(1)))
    for (const size of [1, 4, 100]) {
      const wire = write(Buffer.concat([ping, frames[1]!, pong, frames[1]!]), { size, mask })

      const { octets, pings } = read(wire, wire.length, mask !== undefined)

      expect(pings).toEqual([''])
      expect(Buffer.compare(octets, Buffer.concat([frames[1]!, frames[1]!]))).toBe(0)
    }
  })
})

test('one message is one binary message whose first octet tells what it is', () => {
  expect([...write(frame(0, Uint8Array.of(72, 73)), { size: 99, mask: undefined })]).toEqual([0x82, 3, 0, 72, 73])
  expect([...write(frame(MORE, Uint8Array.of(72)), { size: 99, mask: undefined })]).toEqual([0x82, 2, 1, 72])
  expect([...write(frame(COMMAND, encodeCommand('A')), { size: 99, mask: undefined })]).toEqual([0x82, 3, 2, 1, 65])
  expect([...write(frame(0, Uint8Array.of(72)), { size: 99, mask: MASK })]).toEqual([0x82, 0x82, 1, 2, 3, 4, 1, 74])
})

test('a large body of a server is not copied', () => {
  const body = new Uint8Array(20_000)
  const out: Uint8Array[] = []

  const writer = new ZwsWriter({ greeting: 0, mask: undefined })
  writer.write(frame(0, body).subarray(0, 9), out)
  writer.write(body, out)

  expect(out.at(-1)!.buffer).toBe(body.buffer)
})

test('a message in fragments, with a PING between them, is one frame', () => {
  const wire = Buffer.concat([
    ws(0x02, Uint8Array.of(1, 65)),
    ws(0x80 | WS_PING, Uint8Array.of(9)),
    ws(0x00, Uint8Array.of()),
    ws(0x80, new Uint8Array(400).fill(66)),
  ])
  const expected = frame(MORE, Uint8Array.of(65, ...new Uint8Array(400).fill(66)))

  for (const step of [1, 3, wire.length]) {
    const { octets, pings } = read(wire, step, false)
    expect(Buffer.compare(octets, expected)).toBe(0)
    expect(pings).toEqual(['09'])
  }
})

test('a PONG is a PONG of ZMTP', () => {
  const { octets } = read(ws(0x80 | WS_PONG, Uint8Array.of(1, 2, 3)), 99, false)

  expect(Buffer.compare(octets, frame(COMMAND, encodeCommand('PONG')))).toBe(0)
})

test('nothing is read after a CLOSE', () => {
  const wire = Buffer.concat([ws(0x80 | WS_CLOSE, Uint8Array.of(3, 232)), ws(0x82, Uint8Array.of(0, 65))])

  const { octets, closed } = read(wire, 99, false)

  expect(closed).toBe(1)
  expect(octets.length).toBe(0)
})

test.each([
  ['a message without flags', ws(0x82, new Uint8Array(0))],
  ['fragments without flags', Buffer.concat([ws(0x02, new Uint8Array(0)), ws(0x80, new Uint8Array(0))])],
  ['flags that nobody knows', ws(0x82, Uint8Array.of(3))],
  ['text', ws(0x81, Uint8Array.of(0))],
  ['a fragment that continues nothing', ws(0x80, Uint8Array.of(0))],
  ['a message within a message', Buffer.concat([ws(0x02, Uint8Array.of(0)), ws(0x82, Uint8Array.of(0))])],
  ['a mask', ws(0x82, Uint8Array.of(0), MASK)],
  ['a message of 1001 octets', ws(0x82, new Uint8Array(1002))],
  ['a message that claims 2^53 octets', Uint8Array.of(0x82, 127, 0, 0x20, 0, 0, 0, 0, 0, 0)],
  ['fragments of 1001 octets', Buffer.concat([ws(0x02, new Uint8Array(600)), ws(0x80, new Uint8Array(402))])],
])('a server that sends %s is at fault', (_what, wire) => {
  const { fault } = read(wire, wire.length, false, 1000)

  expect(fault).not.toBe('')
})

test('a message in more than 4096 fragments is at fault, and empty ones cost nothing', () => {
  const begin = ws(0x02, Uint8Array.of(0))
  const empty = Array.from({ length: 5000 }, () => ws(0, Uint8Array.of()))
  const short = Array.from({ length: 4097 }, () => ws(0, Uint8Array.of(65)))

  expect(read(Buffer.concat([begin, ...empty]), 1000, false).fault).toBe('')
  expect(read(Buffer.concat([begin, ...short]), 1000, false).fault).not.toBe('')
})

test('a client that does not mask is at fault', () => {
  expect(read(ws(0x82, Uint8Array.of(0)), 99, true).fault).not.toBe('')
})

test('no more comes out than there is room for', () => {
  const worst = Buffer.concat(Array.from({ length: 500 }, () => ws(0x80 | WS_PONG, new Uint8Array(0))))
  const large = Buffer.concat(Array.from({ length: 50 }, () => ws(0x82, new Uint8Array(257))))

  for (const wire of [worst, large]) expect(read(wire, wire.length, false).octets.length).toBeGreaterThan(wire.length)
})

test('bare ZWS2.0 goes with NULL alone, and the first that the client names wins', () => {
  expect(offeredProtocols('NULL')).toEqual(['ZWS2.0/NULL', 'ZWS2.0'])
  expect(offeredProtocols('CURVE')).toEqual(['ZWS2.0/CURVE'])
  expect(chooseProtocol(['x', 'ZWS2.0', 'ZWS2.0/NULL'], 'NULL')).toBe('ZWS2.0')
  expect(chooseProtocol(['ZWS2.0', 'ZWS2.0/NULL'], 'PLAIN')).toBeUndefined()
})

test('the upgrade implies the greeting of the version that subscribes in the same way', () => {
  expect([...impliedGreeting('ZWS2.0/NULL', 'SUB').subarray(10, 17)]).toEqual([3, 0, 0x4e, 0x55, 0x4c, 0x4c, 0])
  expect([...impliedGreeting('ZWS2.0/CURVE', 'SUB').subarray(10, 12)]).toEqual([3, 1])
  expect([...impliedGreeting('ZWS2.0', 'SUB').subarray(10)]).toEqual([1, 1])
})

function frame(flags: number, body: Uint8Array): Uint8Array {
  const octets = new Uint8Array(9 + body.length)
  const at = writeHeader(octets, 0, flags, body.length)
  octets.set(body, at)
  return octets.subarray(0, at + body.length)
}

function ws(first: number, payload: Uint8Array, mask?: Uint8Array): Uint8Array {
  const octets = new Uint8Array(14 + payload.length)
  const at = writeWsHeader(octets, 0, 0, payload.length, mask)
  octets[0] = first
  octets.set(payload, at)
  return octets.subarray(0, at + payload.length)
}

function write(
  zmtp: Uint8Array,
  { size, mask, greeting = 0 }: { size: number; mask: Uint8Array | undefined; greeting?: number },
): Uint8Array {
  const writer = new ZwsWriter({ greeting, mask: mask === undefined ? undefined : () => mask })
  const out: Uint8Array[] = []
  for (let at = 0; at < zmtp.length; at += size) writer.write(zmtp.subarray(at, at + size), out)
  return Buffer.concat(out)
}

function read(
  octets: Uint8Array,
  step: number,
  masked: boolean,
  largest = 1e6,
): { octets: Uint8Array; pings: string[]; closed: number; fault: string } {
  const pings: string[] = []
  const out: Uint8Array[] = []
  let closed = 0
  const events = {
    ping: (payload: Uint8Array) => void pings.push(Buffer.from(payload).toString('hex')),
    close: () => void closed++,
  }
  const reader = new ZwsReader(events, { masked, largest })
  const wire = Buffer.from(octets)
  const memory = Buffer.alloc(step)
  for (let at = 0; at < wire.length; at += step) {
    // A link reads into the same memory again and again.
    const chunk = memory.subarray(0, wire.copy(memory, 0, at, at + step))
    const target = { octets: new Uint8Array(ZwsReader.room(chunk.length)) }
    const written = reader.read(chunk, target)
    out.push(target.octets.slice(0, written))
  }
  return { octets: Buffer.concat(out), pings, closed, fault: reader.fault }
}

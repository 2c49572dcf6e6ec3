import { encodeCommand } from '../../src/wire/command.ts'
import {
  impliedHandshake,
  packPair,
  PairReader,
  decodeGroupDatagram,
  encodeGroupDatagram,
} from '../../src/wire/datagram.ts'
import { COMMAND, FrameHeader, MORE, writeHeader } from '../../src/wire/frame.ts'
import { encodePing } from '../../src/wire/heartbeat.ts'
import { Socks5, type Socks5State } from '../../src/wire/socks5.ts'
import { checkAnswer, checkRequest, encodeAnswer, encodeRequest, readHead } from '../../src/wire/upgrade.ts'
import { ZwsReader } from '../../src/wire/zws-reader.ts'
import { ZwsWriter } from '../../src/wire/zws-writer.ts'
import { joined, must, mutate, pieces } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const HEADS = [
  encodeRequest({ host: 'localhost', path: '/', key: KEY, protocols: 'ZWS2.0/NULL,ZWS2.0' }),
  encodeAnswer({ accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', protocol: 'ZWS2.0/NULL' }),
]
const LARGEST = 2000

/** Frames of ZWS in pieces and damaged, written and read; upgrades; datagrams; the answers of a proxy. */
export const webSocket: Target = {
  name: 'ws, udp, SOCKS',
  weight: 20,
  run(random) {
    switch (random.below(5)) {
      case 0:
        return upgrade(mutate(random, random.pick(HEADS)))
      case 1:
        return datagrams(random)
      case 2:
        return proxy(random)
      case 3:
        return roundTrip(random)
      default:
        return damaged(random)
    }
  },
}

function upgrade(octets: Uint8Array): void {
  const state = readHead(octets, 0, octets.length)
  if (state.is !== 'head') return
  must(state.head.size <= octets.length, 'a head is no longer than what came')
  must(readHead(octets, 0, state.head.size).is === 'head', 'what follows a head does not matter')
  const request = checkRequest(state.head)
  must('status' in request || request.key.length === 24, 'a key has 24 characters')
  checkAnswer(state.head, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
}

// What a writer writes a reader reads, in any pieces, but for PING and PONG.
function roundTrip(random: Random): void {
  const zmtp = frames(random)
  const masked = random.oneIn(2)
  const writer = new ZwsWriter({ greeting: 0, mask: masked ? () => random.octets(4) : undefined })
  const out: Uint8Array[] = []
  for (const piece of pieces(random, zmtp)) writer.write(piece, out)
  const { octets, fault } = read(pieces(random, joined(...out)), masked)
  must(fault === '', fault)
  must(octets.length === zmtp.length && octets.every((octet, i) => octet === zmtp[i]), 'frames come back')
}

// A damaged stream gives the same frames whole and in pieces, and only frames that are allowed.
function damaged(random: Random): void {
  const masked = random.oneIn(2)
  const writer = new ZwsWriter({ greeting: 0, mask: masked ? () => random.octets(4) : undefined })
  const out: Uint8Array[] = []
  writer.write(joined(frames(random), Uint8Array.of(COMMAND, 7), encodePing(0)), out)
  const wire = mutate(random, joined(...out))
  const whole = read([wire], masked)
  const cut = read(pieces(random, wire), masked)
  must(whole.fault === cut.fault, `whole ${whole.fault}, in pieces ${cut.fault}`)
  must(whole.octets.length === cut.octets.length, 'as much comes out')
  must(
    whole.octets.every((octet, i) => octet === cut.octets[i]),
    'the same comes out',
  )
  const header = new FrameHeader()
  for (let at = 0; header.read(whole.octets, at, whole.octets.length); at += header.length + header.size) {
    must(header.size <= LARGEST, 'no frame is larger than allowed')
  }
}

function read(parts: readonly Uint8Array[], masked: boolean): { octets: Uint8Array; fault: string } {
  const events = {
    ping: (payload: Uint8Array) => must(payload.length <= 125, 'a control frame is short'),
    close() {},
  }
  const reader = new ZwsReader(events, { masked, largest: LARGEST })
  const out: Uint8Array[] = []
  for (const part of parts) {
    const target = { octets: new Uint8Array(ZwsReader.room(part.length)) }
    const written = reader.read(part.slice(), target)
    must(written <= target.octets.length, 'it stays within its room')
    out.push(target.octets.slice(0, written))
  }
  return { octets: joined(...out), fault: reader.fault }
}

function frames(random: Random): Uint8Array {
  const parts: Uint8Array[] = []
  for (let count = 1 + random.below(5); count > 0; count--) {
    const body = random.oneIn(4)
      ? encodeCommand('READY', random.octets(random.below(40)))
      : random.octets(random.below(400))
    const frame = new Uint8Array(body.length + 9)
    const at = writeHeader(frame, 0, random.pick([0, MORE, COMMAND]), body.length)
    frame.set(body, at)
    parts.push(frame.subarray(0, at + body.length))
  }
  return joined(...parts)
}

function datagrams(random: Random): void {
  const octets = random.octets(random.below(40))
  const pair = decodeGroupDatagram(octets)
  if (pair !== undefined) {
    const again = encodeGroupDatagram(...pair)
    must(again !== undefined && again.every((octet, i) => octet === octets[i]), 'a datagram comes back')
  }
  const first = random.octets(random.below(20))
  const second = random.octets(random.below(300))
  const capture = joined(impliedHandshake('DISH'), packPair(first, second))
  let pairs = 0
  const reader = new PairReader({ pair: () => pairs++, ping() {} })
  for (const piece of pieces(random, capture)) reader.write(piece)
  must(pairs === 1, 'a pair is found')
  const noise = new PairReader({
    pair: (one, two) => must(one.length <= 8192 && two.length <= 8192, 'a pair fits into a datagram'),
    ping() {},
  })
  for (const piece of pieces(random, mutate(random, capture))) noise.write(piece)
}

function proxy(random: Random): void {
  const answers = mutate(random, Uint8Array.of(5, random.pick([0, 2]), 1, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 80))
  const request = { host: 'example.org', port: 5555, username: random.pick(['', 'ann']), password: 'secret' }
  const slow = new Socks5(request)
  let state: Socks5State = { is: 'waiting' }
  for (let end = 1; state.is === 'waiting' && end <= answers.length; end++) state = slow.read(answers, end)
  const quick = new Socks5(request).read(answers, answers.length)
  must(state.is === quick.is || answers.length === 0, `octet by octet ${state.is}, at once ${quick.is}`)
  must(state.is !== 'done' || state.used <= answers.length, 'no more is used than came')
}

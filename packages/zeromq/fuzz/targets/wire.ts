import { commandName, decodeError, encodeCommand, encodeError, isCommand } from '../../src/wire/command.ts'
import { FrameHeader, writeHeader, writeHeaderOne } from '../../src/wire/frame.ts'
import { encodePing, encodePong, pingTtl } from '../../src/wire/heartbeat.ts'
import { decodeMetadata, encodeMetadata } from '../../src/wire/metadata.ts'
import { encodeSubscription } from '../../src/wire/subscription.ts'
import { decodeZ85, encodeZ85 } from '../../src/wire/z85.ts'
import { joined, must, mutate } from '../mutate.ts'
import type { Target } from '../target.ts'

const TOPIC = Uint8Array.of(65, 66, 67)
const COMMANDS = [
  encodeCommand(
    'READY',
    encodeMetadata([
      ['Socket-Type', TOPIC],
      ['Identity', new Uint8Array(300)],
    ]),
  ),
  encodeError('400'),
  encodePing(1000, TOPIC),
  encodeSubscription('SUBSCRIBE', TOPIC, 'command').subarray(2),
  encodeSubscription('LEAVE', TOPIC, 'command').subarray(2),
]
const METADATA = encodeMetadata([
  ['Socket-Type', TOPIC],
  ['Identity', new Uint8Array(0)],
  ['X-large', new Uint8Array(400)],
])

/** What is decoded and encoded again is what it was; what is cut short is never read as if it were whole. */
export const wire: Target = {
  name: 'frames, commands, metadata, Z85',
  weight: 30,
  run(random) {
    switch (random.below(4)) {
      case 0:
        return frames(random.octets(random.below(16)))
      case 1:
        return commands(joined(mutate(random, random.pick(COMMANDS)), random.octets(random.below(4))), random.below(6))
      case 2:
        return metadata(mutate(random, METADATA))
      default:
        return z85(random.octets(4 * random.below(10)), mutate(random, random.octets(5 * random.below(8))))
    }
  },
}

function frames(octets: Uint8Array): void {
  const header = new FrameHeader()
  const target = new Uint8Array(10)
  if (header.read(octets, 0, octets.length)) {
    must(header.length === 2 || header.length === 9, 'a header has 2 or 9 octets')
    must(header.size >= 0, 'a size is not negative')
    if (header.size <= Number.MAX_SAFE_INTEGER) {
      const { flags, size } = header
      must(header.read(target, 0, writeHeader(target, 0, flags, size)), 'what was written is whole')
      must(header.flags === flags && header.size === size, 'a header is read as it was written')
    }
  }
  if (header.readOne(octets, 0, octets.length)) {
    must(header.length === 2 || header.length === 10, 'a header of ZMTP 1.0 has 2 or 10 octets')
    if (header.size >= 0 && header.size < Number.MAX_SAFE_INTEGER) {
      const { flags, size } = header
      must(header.readOne(target, 0, writeHeaderOne(target, 0, flags, size)), 'what was written is whole')
      must(header.flags === flags && header.size === size, 'a header is read as it was written')
    }
  }
}

function commands(octets: Uint8Array, start: number): void {
  const end = octets.length
  const name = commandName(octets, start, end)
  must(name === undefined || isCommand(name, octets, start, end), 'a command is known by its own name')
  const ttl = pingTtl(octets, start, end)
  if (ttl !== undefined) {
    must(ttl >= 0 && ttl <= 6_553_500, 'a time to live is within its range')
    must(encodePong(octets, start, end).length <= 21, 'a PONG is short')
  }
  const reason = decodeError(octets, start, end)
  must(reason === undefined || reason.length <= 255, 'a reason is short')
}

function metadata(octets: Uint8Array): void {
  const properties = decodeMetadata(octets, 0, octets.length)
  if (properties === undefined) return
  let size = 0
  for (const [name, value] of properties) size += 5 + name.length + value.length
  must(size <= octets.length, 'properties are no larger than what they came in')
  const again = encodeMetadata(properties)
  const twice = decodeMetadata(again, 0, again.length)
  must(twice !== undefined && twice.size === properties.size, 'what is encoded can be decoded')
}

function z85(octets: Uint8Array, noise: Uint8Array): void {
  const text = encodeZ85(octets)
  const back = decodeZ85(text)
  must(back !== undefined && back.join() === octets.join(), 'octets come back')
  const claimed = new TextDecoder('latin1').decode(noise)
  const decoded = decodeZ85(claimed)
  must(decoded === undefined || encodeZ85(decoded) === claimed, 'a text that is Z85 comes back')
}

import type { Cipher } from '../../src/cipher/cipher.ts'
import { jsSuite } from '../../src/cipher/js-suite.ts'
import { wasmSuite } from '../../src/cipher/wasm-suite.ts'
import { must, mutate } from '../mutate.ts'
import type { Random } from '../random.ts'
import type { Target } from '../target.ts'

const JS = jsSuite()
const WASM = wasmSuite()
const MARGIN = 16

/**
 * Two implementations get the same records and the same damaged frames and have to agree in everything: results, octets, what was
 * used. Neither may write outside the room it was given, nor open anything that was not sealed.
 */
export const ciphers: Target = {
  name: 'ciphers',
  weight: 15,
  run(random) {
    const key = random.octets(32)
    const clients = [JS.cipher(key, 'client', nonce(1)), WASM.cipher(key, 'client', nonce(1))] as const
    const servers = [JS.cipher(key, 'server', nonce(2)), WASM.cipher(key, 'server', nonce(2))] as const
    const source = records(random)
    const room = source.length + 400
    const frames = agree(clients, 'seal', source, room)
    const damaged = mutate(random, frames)
    const opened = agree(servers, 'open', damaged, damaged.length)
    must(opened.length <= source.length || damaged.length > frames.length, 'no more comes out than went in')
    if (damaged.length === frames.length && damaged.every((octet, i) => octet === frames[i])) {
      const whole = wholeRecords(source)
      must(opened.length === whole && opened.every((octet, i) => octet === source[i]), 'what was sealed is opened')
    }
    for (const cipher of [...clients, ...servers]) cipher.wipe()
  },
}

function agree(pair: readonly [Cipher, Cipher], verb: 'seal' | 'open', source: Uint8Array, room: number): Uint8Array {
  const targets = pair.map(cipher => {
    const target = new Uint8Array(room + MARGIN).fill(0xee)
    const count = cipher[verb](source, 0, source.length, target.subarray(0, room), 0)
    must(cipher.written <= room && cipher.read <= source.length, 'it stays within its bounds')
    for (let i = cipher.written; i < target.length; i++) must(target[i] === 0xee, 'nothing else is written to')
    return { count, used: cipher.read, octets: target.subarray(0, cipher.written) }
  })
  const [one, two] = targets as [(typeof targets)[0], (typeof targets)[0]]
  must(one.count === two.count, `${verb}: ${one.count} and ${two.count}`)
  must(one.used === two.used, `${verb}: used ${one.used} and ${two.used}`)
  must(one.octets.length === two.octets.length, `${verb}: wrote ${one.octets.length} and ${two.octets.length}`)
  must(
    one.octets.every((octet, i) => octet === two.octets[i]),
    `${verb}: other octets`,
  )
  return one.octets
}

function records(random: Random): Uint8Array {
  const octets: number[] = []
  const widest = random.pick([1, 32, 96, 400])
  for (let count = random.below(8); count > 0; count--) {
    const size = random.below(widest)
    const flags = random.below(4) === 0 ? random.below(8) & ~2 : 0
    if (size < 256) octets.push(flags, size)
    else octets.push(flags | 2, 0, 0, 0, 0, 0, 0, size >>> 8, size & 0xff)
    for (let i = 0; i < size; i++) octets.push(random.below(256))
  }
  // Sometimes the last one is not whole.
  return Uint8Array.from(random.oneIn(4) ? octets.slice(0, random.below(octets.length + 1)) : octets)
}

function wholeRecords(source: Uint8Array): number {
  let at = 0
  for (;;) {
    const header = (source[at]! & 2) === 0 ? 2 : 9
    if (at + header > source.length) return at
    const size = header === 2 ? source[at + 1]! : source[at + 7]! * 256 + source[at + 8]!
    if (at + header + size > source.length) return at
    at += header + size
  }
}

function nonce(counter: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, counter)
}

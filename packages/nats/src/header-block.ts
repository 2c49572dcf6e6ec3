/**
 * NATS headers as bytes (ADR-4): `NATS/1.0[ code description]`, a line `name: value` for each, an empty line. The
 * client's own class checks and folds every name as it is put in and looked up, which costs more than all else that a
 * message is put through; what is written here was checked before, and what is read is read once, in order.
 */
import type { MsgHdrs } from '@nats-io/transport-node'

const FIRST = 'NATS/1.0'

/** Headers for the client to send: it asks for their bytes and nothing else. Names and values must be legal already. */
export class HeaderBlock {
  #text = FIRST

  add(name: string, value: string): void {
    this.#text += `\r\n${name}: ${value}`
  }

  encode(): Uint8Array {
    return Buffer.from(`${this.#text}\r\n\r\n`)
  }

  /** As the client's types want it. */
  get forClient(): MsgHdrs {
    return this as unknown as MsgHdrs
  }
}

/** The headers in a block, in their order, a name as often as it is there. Lines that are none are left out. */
export function* headerLines(block: Buffer): Iterable<readonly [name: string, value: string]> {
  const text = block.toString()
  let from = text.indexOf('\r\n')
  while (from >= 0) {
    const start = from + 2
    from = text.indexOf('\r\n', start)
    const end = from < 0 ? text.length : from
    const colon = text.indexOf(':', start)
    if (colon > start && colon < end) yield [text.slice(start, colon), text.slice(colon + 1, end).trim()]
  }
}

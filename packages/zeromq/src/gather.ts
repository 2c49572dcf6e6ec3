import type { Incoming, Pattern } from './pattern/pattern.ts'
import type { Packing } from './pipe/packing.ts'
import type { TypeName } from './socket-types.ts'

/** Whether a message of this type is frames and nothing else: those of SERVER, PEER and DISH end with a routing id or a group. */
export function isFramesAlone(type: TypeName): boolean {
  return type !== 'SERVER' && type !== 'PEER' && type !== 'DISH'
}

/** Adds what there is to receive until there are `max` messages. */
export function gather(into: Incoming[], pattern: Pattern, max: number): void {
  if (pattern.receiveMany !== undefined) return pattern.receiveMany(into, max)
  while (into.length < max) {
    const message = pattern.receive()
    if (message === undefined) return
    into.push(message)
  }
}

/** The same, packed, or until there are enough octets. */
export function gatherPacked(into: Packing, pattern: Pattern, max: number): void {
  if (pattern.receivePacked !== undefined) return pattern.receivePacked(into, max)
  while (into.length < max && !into.full) {
    const message = pattern.receive()
    if (message === undefined) return
    into.add(message)
  }
}

import type { Incoming, Pattern } from './pattern/pattern.ts'
import type { Bodies } from './pipe/bodies.ts'
import type { PackedMessages } from './pipe/packed-messages.ts'
import { Packing } from './pipe/packing.ts'
import type { TypeName } from './socket-types.ts'

/** Whether a message of this type is frames and nothing else: those of SERVER, PEER and DISH end with a routing id or a group. */
export function isFramesAlone(type: TypeName): boolean {
  return type !== 'SERVER' && type !== 'PEER' && type !== 'DISH'
}

/** Adds what there is to receive until there are `max` messages. */
export function takeMany(into: Incoming[], pattern: Pattern, max: number): void {
  if (pattern.receiveMany !== undefined) return pattern.receiveMany(into, max)
  while (into.length < max) {
    const message = pattern.receive()
    if (message === undefined) return
    into.push(message)
  }
}

/** `first`, where it is given, and what there is to receive, packed, until there are `max` messages or enough octets. */
export function takePacked(
  pattern: Pattern,
  max: number,
  bodies: Bodies,
  first?: Incoming,
): PackedMessages | undefined {
  const into = new Packing()
  if (first !== undefined) into.add(first)
  if (pattern.receivePacked !== undefined) {
    pattern.receivePacked(into, max)
  } else {
    while (into.length < max && !into.full) {
      const message = pattern.receive()
      if (message === undefined) break
      into.add(message)
    }
  }
  return into.length === 0 ? undefined : into.finish(bodies)
}

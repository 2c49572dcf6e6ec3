import type { Pattern } from './pattern/pattern.ts'

/** A socket type by its wire name, and STREAM. */
export type TypeName = Pattern['type']

// The index is libzmq's number.
const TYPES: readonly TypeName[] = [
  'PAIR',
  'PUB',
  'SUB',
  'REQ',
  'REP',
  'DEALER',
  'ROUTER',
  'PULL',
  'PUSH',
  'XPUB',
  'XSUB',
  'STREAM',
  'SERVER',
  'CLIENT',
  'RADIO',
  'DISH',
  'GATHER',
  'SCATTER',
  'DGRAM',
  'PEER',
  'CHANNEL',
]

const THREAD_SAFE = new Set<TypeName>(['SERVER', 'CLIENT', 'RADIO', 'DISH', 'GATHER', 'SCATTER', 'PEER', 'CHANNEL'])
const CONFLATES = new Set<TypeName>(['DEALER', 'PULL', 'PUSH', 'PUB', 'SUB'])
const WITHOUT_LINGER = new Set<TypeName>(['SUB', 'XSUB', 'DISH'])
const CONNECTS_ONCE = new Set<TypeName>(['DEALER', 'SUB', 'PUB', 'REQ'])

/** The type with libzmq's number; undefined: there is none. */
export function typeOfNumber(number: number): TypeName | undefined {
  return TYPES[number]
}

/** libzmq's number of a type. */
export function numberOfType(type: TypeName): number {
  return TYPES.indexOf(type)
}

/** ZMQ_THREAD_SAFE. */
export function isThreadSafe(type: TypeName): boolean {
  return THREAD_SAFE.has(type)
}

/** Whether CONFLATE means anything to a type. */
export function conflates(type: TypeName): boolean {
  return CONFLATES.has(type)
}

/** Whether a type's default LINGER is 0. */
export function lingersNot(type: TypeName): boolean {
  return WITHOUT_LINGER.has(type)
}

/** Whether a second connect to the same endpoint does nothing. */
export function connectsOnce(type: TypeName): boolean {
  return CONNECTS_ONCE.has(type)
}

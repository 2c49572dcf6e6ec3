import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import * as ours from '../../src/index.ts'
import * as oursDraft from '../../src/draft.ts'
import * as oursV5 from '../../src/v5-compat.ts'

const require = createRequire(import.meta.url)
const native = require('zeromq') as Record<string, unknown>
const nativeDraft = require('zeromq/draft') as Record<string, unknown>
const nativeV5 = require('zeromq/v5-compat') as Record<string, unknown>

type Class = { prototype: object; length: number; name: string }

/** What ours has on top (DESIGN §5). */
const MORE: Readonly<Record<string, readonly string[]>> = {
  Socket: ['trySend', 'tryReceive', 'sendMany', 'receiveMany', 'receivePacked', 'batches'],
  // Native defines these on the instance, when it is first asked for.
  Observer: [],
}

/** What native has and ours has not. */
const LESS: Readonly<Record<string, readonly string[]>> = {
  // The EventEmitter behind on() and off(), private to it.
  Observer: ['emitter'],
}

test.each([
  ['zeromq', ours, native],
  ['zeromq/draft', oursDraft, nativeDraft],
  ['zeromq/v5-compat', oursV5, nativeV5],
] as const)('%s has the same names', (_name, mine, theirs) => {
  expect(Object.keys(mine).toSorted()).toEqual(Object.keys(theirs).toSorted())
})

test('the constants of v5 have the same values', () => {
  const numbers = (exports: object): object =>
    Object.fromEntries(Object.entries(exports).filter(([, value]) => typeof value === 'number'))

  expect(numbers(oursV5)).toEqual(numbers(nativeV5))
  expect(oursV5.options).toEqual(nativeV5['options'])
})

test('version and capabilities are those of the prebuilt package, but for TIPC', () => {
  expect(ours.version).toBe(native['version'])
  expect(Object.keys(ours.capability).toSorted()).toEqual(Object.keys(native['capability'] as object).toSorted())
  expect({ ...ours.capability, tipc: true }).toEqual(native['capability'])
})

describe('members', () => {
  for (const [name, theirs] of classes({ ...native, ...nativeDraft })) {
    test(`${name} has the same members`, () => {
      const mine = (name in ours ? ours : oursDraft)[name as never] as Class

      expect(mine.name).toBe(theirs.name)
      const expected = members(theirs).filter(member => !LESS[name]?.includes(member.split(' ')[0]!))
      const found = members(mine).filter(member => !MORE[name]?.includes(member.split(' ')[0]!))
      expect(found).toEqual(expected)
    })
  }

  test('v5 sockets have the same members', () => {
    const publicOnes = (socket: unknown): string[] =>
      members(socket as Class).filter(member => !/^_(recv|send) /.test(member))

    expect(publicOnes(oursV5.Socket)).toEqual(publicOnes(nativeV5['Socket']))
  })
})

describe('options', () => {
  for (const [name, theirs] of classes({ ...native, ...nativeDraft })) {
    if (!(theirs.prototype instanceof (native['Socket'] as never)) || name === 'Socket') continue

    test(`a new ${name} has the same options`, () => {
      const Mine = (name in ours ? ours : oursDraft)[name as never] as new () => ours.Socket
      const Theirs = theirs as unknown as new () => ours.Socket
      const mine = new Mine()
      const other = new Theirs()

      // libzmq's DISH says that it could send.
      const expected = name === 'Dish' ? { ...values(other), writable: false } : values(other)
      expect(values(mine)).toEqual(expected)
      mine.close()
      other.close()
    })
  }

  test('the context has the same options', () => {
    expect(values(ours.context)).toEqual(values(native['context'] as object))
  })
})

function classes(exports: object): [string, Class][] {
  return Object.entries(exports).filter(([name]) => /^[A-Z]/.test(name)) as [string, Class][]
}

/** Own members of a prototype with what they are. */
function members(owner: Class): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(owner.prototype))
    .map(([name, one]) => {
      const kinds = ['get', 'set'].filter(kind => one[kind as 'get'] !== undefined)
      return `${name} ${kinds.length === 0 ? 'method' : kinds.join('')}`
    })
    .filter(member => !member.startsWith('constructor '))
    .toSorted()
}

/** Values of all properties that can be read, by name; `throws` where reading does. */
function values(object: object): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (let at: object | null = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, one] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (!('get' in one) || one.get === undefined || REFUSED.has(name)) continue
      try {
        const value = (object as Record<string, unknown>)[name]
        if (typeof value !== 'object' || value === null) found[name] = value
      } catch (error) {
        found[name] = (error as { code?: string }).code
      }
    }
  }
  return found
}

/** Native can never read a key back: it answers EINVAL, set or not. Ours gives what was set, or null. */
const REFUSED: ReadonlySet<string> = new Set(['curvePublicKey', 'curveSecretKey', 'curveServerKey'])

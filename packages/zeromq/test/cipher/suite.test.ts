import { afterEach, expect, test, vi } from 'vitest'
import { selfTest } from '../../src/cipher/self-test.ts'
import { cipherSuite } from '../../src/cipher/suite.ts'
import { curveSuite } from '../../src/curve.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

test('without WebAssembly plain JavaScript takes over', () => {
  vi.stubGlobal('WebAssembly', undefined)

  expect(curveSuite().name).toBe('js')
})

test('where the processor has no SIMD plain JavaScript takes over', () => {
  const refusing = class {
    constructor() {
      throw new Error('CompileError: wasm simd unsupported')
    }
  }
  vi.stubGlobal('WebAssembly', { Module: refusing, Instance: refusing })

  expect(curveSuite().name).toBe('js')
})

test('a library that is not installed is named in the error', () => {
  const missing = (name: string): never => {
    throw new Error(`Cannot find module '${name}'`)
  }

  expect(() => cipherSuite('sodium-native', missing)).toThrow('sodium-native')
  expect(() => cipherSuite('@noble/ciphers', missing)).toThrow('@noble/ciphers')
})

test('a cipher that computes wrongly does not pass the self-test', () => {
  const good = curveSuite('js')
  const flipped = {
    ...good,
    cipher(...args: Parameters<typeof good.cipher>) {
      const cipher = good.cipher(...args)
      return new Proxy(cipher, {
        get(target, name) {
          if (name !== 'seal') {
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          }
          return (...call: Parameters<typeof cipher.seal>) => {
            const count = cipher.seal(...call)
            call[3][call[4] + cipher.written - 1]! ^= 1
            return count
          }
        },
      })
    },
  }

  expect(() => selfTest(good)).not.toThrow()
  expect(() => selfTest(flipped)).toThrow('broken')
})

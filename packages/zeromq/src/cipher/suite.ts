import type { CipherSuite } from './cipher.ts'
import { jsSuite } from './js-suite.ts'
import { nobleSuite, sodiumSuite, type NobleSalsa, type SodiumNative } from './library-suites.ts'
import { selfTest } from './self-test.ts'
import { wasmSuite } from './wasm-suite.ts'

/**
 * Whose XSalsa20-Poly1305 encrypts CURVE connections. 'wasm' (the default) and 'js' are our own; the other two are audited
 * libraries that have to be installed beside this package. 'wasm' becomes 'js' where there is no WebAssembly with SIMD.
 */
export type CipherChoice = CipherSuite['name']

/**
 * The chosen cipher, tried out against a known answer first. `load` imports an optional peer by its name and throws where it is
 * not installed. To be called once for a context, at the first use of CURVE. Throws where the cipher does not work here.
 */
export function cipherSuite(choice: CipherChoice, load: (name: string) => unknown): CipherSuite {
  const suite = suiteOf(choice, load)
  selfTest(suite)
  return suite
}

function suiteOf(choice: CipherChoice, load: (name: string) => unknown): CipherSuite {
  switch (choice) {
    case 'wasm':
      try {
        return wasmSuite()
      } catch {
        // No WebAssembly (--jitless) or no SIMD (very old processors).
        return jsSuite()
      }
    case 'js':
      return jsSuite()
    case '@noble/ciphers':
      return nobleSuite(load('@noble/ciphers/salsa.js') as NobleSalsa)
    case 'sodium-native':
      return sodiumSuite(load('sodium-native') as SodiumNative)
  }
}

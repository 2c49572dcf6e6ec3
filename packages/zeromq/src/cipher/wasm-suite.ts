import type { CipherSuite } from './cipher.ts'
import { jsSuite } from './js-suite.ts'
import { WasmCipher } from './wasm-cipher.ts'
import { compileBox, WasmModule } from './wasm-module.ts'

/**
 * The box in WebAssembly with SIMD; the few boxes of a handshake are in plain JavaScript. One instance serves 4,096 connections,
 * then there is a second, and so on; all but the first go with their last connection.
 * Throws where this platform has no WebAssembly or no SIMD.
 */
export function wasmSuite(): CipherSuite {
  const compiled = compileBox()
  const modules = [new WasmModule(compiled)]
  return {
    ...jsSuite(),
    name: 'wasm',
    cipher(key, side, peerNonce) {
      for (const module of modules) {
        const slot = module.take()
        if (slot !== undefined) return new WasmCipher(module, slot, key, side, peerNonce, release)
      }
      const module = new WasmModule(compiled)
      modules.push(module)
      // A new instance has every slot free.
      return new WasmCipher(module, module.take()!, key, side, peerNonce, release)
    },
  }

  function release(): void {
    for (let i = modules.length - 1; i > 0; i--) if (modules[i]!.idle) modules.splice(i, 1)
  }
}

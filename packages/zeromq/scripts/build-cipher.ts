/**
 * Compiles assembly/curve.as into src/cipher/box.wasm.ts, with the exactly pinned assemblyscript.
 * `--check`: writes nothing, fails where the committed bytes are not what the source compiles to.
 *
 *     node packages/zeromq/scripts/build-cipher.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const ASSEMBLY = new URL('../assembly/', import.meta.url)
const OUTPUT = new URL('../src/cipher/box.wasm.ts', import.meta.url)
const COMPILER = '0.28.20'

/** The module, compiled from its source. */
export async function compile(): Promise<Uint8Array> {
  if (asc.version !== COMPILER)
    throw new Error(`the cipher is compiled with assemblyscript ${COMPILER}, not ${asc.version}`)
  let binary: Uint8Array | undefined
  const { error } = await asc.main(
    ['curve.ts', '-o', 'curve.wasm', '--enable', 'simd', '--runtime', 'stub', '--noAssert', '-O3', ...MEMORY],
    {
      // The sources end in .as, since no tool for TypeScript can read them; the compiler asks for .ts.
      readFile: name =>
        name.startsWith('node_modules') || !name.endsWith('.ts') ? null : source(basename(name, '.ts')),
      writeFile: (_name, contents) => {
        if (typeof contents !== 'string') binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined)
    throw new Error(`the cipher does not compile: ${error?.message ?? 'nothing was written'}`)
  return binary
}

/** The bytes that are committed. */
export function committed(): Uint8Array {
  const base64 = /'([A-Za-z0-9+/=]+)'/.exec(readFileSync(OUTPUT, 'utf8'))?.[1]
  return base64 === undefined ? new Uint8Array(0) : new Uint8Array(Buffer.from(base64, 'base64'))
}

// The memory's pages: 64 KiB of its own, 4096 connections of 128 octets, 128 KiB in, 256 KiB out. It never grows.
const MEMORY = ['--initialMemory', '15', '--maximumMemory', '15', '--use', 'abort=']

function source(name: string): string | null {
  try {
    return readFileSync(new URL(`${name}.as`, ASSEMBLY), 'utf8')
  } catch {
    return null
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await compile()
  if (process.argv.includes('--check')) {
    if (!Buffer.from(binary).equals(committed())) {
      console.error('src/cipher/box.wasm.ts is not what assembly/ compiles to: run scripts/build-cipher.ts')
      process.exit(1)
    }
  } else {
    const text = `/** The cipher of assembly/curve.as, compiled by scripts/build-cipher.ts: WebAssembly in base64. */\nexport const BOX_WASM: string =\n  '${Buffer.from(binary).toString('base64')}'\n`
    writeFileSync(OUTPUT, text)
    console.log(`${fileURLToPath(OUTPUT)}: ${binary.length} bytes of WebAssembly`)
  }
}

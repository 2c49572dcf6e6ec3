import { BOX_WASM } from './box.wasm.ts'

/** One instance of assembly/curve.as: its memory, its functions, and which of its connections' slots are free. */
export class WasmModule {
  readonly calls: Calls
  /** The whole memory; it never grows, so that this stays attached. */
  readonly octets: Uint8Array
  readonly inAt: number
  readonly inSize: number
  readonly outAt: number
  readonly outSize: number
  readonly #used: DataView
  readonly #slotsAt: number
  readonly #free: number[]
  readonly #slots: number

  /** Throws where this platform has no WebAssembly, or none with SIMD. */
  constructor(compiled: CompiledBox) {
    this.calls = new (webAssembly().Instance)(compiled).exports as Calls
    const { buffer } = this.calls.memory
    this.octets = new Uint8Array(buffer)
    this.inAt = this.calls.inAt()
    this.inSize = this.calls.inSize()
    this.outAt = this.calls.outAt()
    this.outSize = this.calls.outSize()
    this.#used = new DataView(buffer, this.calls.usedAt(), 8)
    this.#slotsAt = this.calls.slotsAt()
    this.#slots = this.calls.slotCount()
    // The lowest is handed out first.
    this.#free = Array.from({ length: this.#slots }, (_, i) => this.#slots - 1 - i)
  }

  /** Octets that the last call used. */
  get used(): number {
    return this.#used.getUint32(0, true)
  }

  /** Octets that the last call wrote. */
  get written(): number {
    return this.#used.getUint32(4, true)
  }

  /** True while no connection has a slot here. */
  get idle(): boolean {
    return this.#free.length === this.#slots
  }

  /** The address of a connection's two slots (it seals with the first 64 octets, opens with the next), or undefined where all are taken. */
  take(): number | undefined {
    const free = this.#free.pop()
    return free === undefined ? undefined : this.#slotsAt + free * SLOT_SIZE
  }

  /** Gives a connection's slots back, wiped, and wipes what any connection may have left in the scratch. */
  give(address: number): void {
    this.octets.fill(0, address, address + SLOT_SIZE)
    this.octets.fill(0, this.inAt, this.outAt + this.outSize)
    this.calls.wipeBox()
    this.#free.push((address - this.#slotsAt) / SLOT_SIZE)
  }
}

/** Compiles the module, synchronously, in about half a millisecond. Throws where there is no WebAssembly or no SIMD. */
export function compileBox(): CompiledBox {
  const text = atob(BOX_WASM)
  const octets = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i)
  return new (webAssembly().Module)(octets)
}

/** The module, compiled but not yet instantiated. */
export interface CompiledBox {
  readonly isCompiledBox?: never
}

// The part of WebAssembly's own API that is used here: the language's library does not declare it, platforms do.
interface WebAssemblyApi {
  readonly Module: new (octets: Uint8Array) => CompiledBox
  readonly Instance: new (compiled: CompiledBox) => { readonly exports: unknown }
}

function webAssembly(): WebAssemblyApi {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyApi }
  if (WebAssembly === undefined) throw new Error('this platform has no WebAssembly')
  return WebAssembly
}

// Both directions of one connection.
const SLOT_SIZE = 128

/** What assembly/curve.as exports; addresses and sizes in octets. */
interface Calls {
  readonly memory: { readonly buffer: ArrayBuffer }
  slotsAt(): number
  slotCount(): number
  inAt(): number
  inSize(): number
  outAt(): number
  outSize(): number
  usedAt(): number
  prepare(slot: number, key: number, prefix: number): void
  sealRecords(slot: number, source: number, size: number, out: number, room: number): number
  openFrames(slot: number, source: number, size: number, out: number, room: number): number
  accept(slot: number, body: number): number
  putHeader(slot: number, out: number, body: number): number
  spend(slot: number): void
  largeStart(slot: number): void
  largeMix(slot: number, block: number, source: number, length: number): void
  largeUpdate(source: number, length: number): void
  largeFinish(out: number): void
  wipeBox(): void
  /** For the tests: a tag of its own. */
  poly1305(key: number, message: number, length: number, tag: number): void
}

// The typed option accessors, which the types of the v6 API keep for subclasses.
import type { Context, Socket } from 'zeromq'

export interface RawOptions {
  getBoolOption(id: number): boolean
  setBoolOption(id: number, value: boolean): void
  getInt32Option(id: number): number
  setInt32Option(id: number, value: number): void
  getUint32Option(id: number): number
  getInt64Option(id: number): number
  setInt64Option(id: number, value: number): void
  getUint64Option(id: number): number
  getStringOption(id: number): string | null
  setStringOption(id: number, value: string | Buffer | null): void
}

export function raw(target: Socket | Context): RawOptions {
  return target as unknown as RawOptions
}

/** Which messages a reader wants. */
export interface Filter {
  /** By the first frame, the octets `[from, to)` of `bytes`. */
  wants(bytes: Uint8Array, from: number, to: number): boolean
}

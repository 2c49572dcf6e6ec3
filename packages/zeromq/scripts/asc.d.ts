/**
 * What we use of `assemblyscript/asc`. Its own declarations bring along the compiler's globals, `console` among them,
 * in the place of Node's for the whole checkout; tsconfig.json points here instead.
 */
declare const asc: {
  readonly version: string
  main(
    argv: readonly string[],
    host: {
      readFile(name: string, folder: string): string | null
      writeFile(name: string, contents: Uint8Array | string, folder: string): void
      listFiles(folder: string, from: string): string[]
    },
  ): Promise<{ readonly error: Error | null }>
}
export default asc

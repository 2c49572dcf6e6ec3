import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One departure as the data set has it (US domestic flights, January to March 2001). */
export interface Flight {
  /** Local time, `2001/01/31 17:05`. */
  readonly date: string
  /** Minutes late; less than 0 is early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

export interface Airport {
  readonly city: string
  readonly state: string
}

const folder = fileURLToPath(new URL('../data', import.meta.resolve('vega-datasets')))

/** In the order of their departure. */
export function flights(): Flight[] {
  return JSON.parse(readFileSync(join(folder, 'flights-20k.json'), 'utf8')) as Flight[]
}

/** By IATA code. */
export function airports(): Map<string, Airport> {
  const [, ...lines] = readFileSync(join(folder, 'airports.csv'), 'utf8').trim().split('\n')
  return new Map(
    lines.map(line => {
      const [code = '', , city = '', state = ''] = fields(line)
      return [code, { city, state }]
    }),
  )
}

/** The fields of a line of CSV (RFC 4180), quotes and all. */
function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  )
}

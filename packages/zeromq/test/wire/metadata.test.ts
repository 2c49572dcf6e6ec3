import { expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from '../../src/wire/metadata.ts'

test('properties come back as they were', () => {
  const properties: [string, Uint8Array][] = [
    ['Socket-Type', Uint8Array.of(1, 2, 3)],
    ['__proto__', Uint8Array.of(0)],
    ['X-empty', new Uint8Array(0)],
    ['X-large', new Uint8Array(70_000).fill(7)],
    ['x'.repeat(255), Uint8Array.of(9)],
  ]

  const metadata = encodeMetadata(properties)

  expect(decodeMetadata(metadata, 0, metadata.length)).toEqual(new Map(properties))
})

test('no metadata are no properties', () => {
  expect(decodeMetadata(new Uint8Array(0), 0, 0)).toEqual(new Map())
})

test('of a name that comes twice the first counts', () => {
  const metadata = encodeMetadata([
    ['Identity', Uint8Array.of(1)],
    ['Identity', Uint8Array.of(2)],
  ])

  expect(decodeMetadata(metadata, 0, metadata.length)).toEqual(new Map([['Identity', Uint8Array.of(1)]]))
})

test('values do not change with the buffer that they were read from', () => {
  const metadata = Buffer.from(encodeMetadata([['Identity', Uint8Array.of(1, 2)]]))

  const properties = decodeMetadata(metadata, 0, metadata.length)
  metadata.fill(0)

  expect(properties?.get('Identity')).toEqual(Uint8Array.of(1, 2))
})

test('metadata that end anywhere within a property are malformed', () => {
  const metadata = encodeMetadata([['Socket-Type', Uint8Array.of(1, 2, 3)]])

  for (let end = 1; end < metadata.length; end++) expect(decodeMetadata(metadata, 0, end)).toBeUndefined()
})

test('a property without a name is malformed', () => {
  expect(decodeMetadata(Uint8Array.of(0, 0, 0, 0, 0), 0, 5)).toBeUndefined()
})

test('a length of 4 GiB is malformed and allocates nothing', () => {
  expect(decodeMetadata(Uint8Array.of(1, 65, 0xff, 0xff, 0xff, 0xff, 0), 0, 7)).toBeUndefined()
})

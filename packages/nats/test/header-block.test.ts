import { headers } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { HeaderBlock, headerLines } from '../src/header-block.ts'

test("a block has the bytes that the client's own headers have", () => {
  const block = new HeaderBlock()
  const theirs = headers() as unknown as { append(name: string, value: string): void; encode(): Uint8Array }
  for (const [name, value] of [['a', '1'], ['B-c', 'é  ü'], ['e', '']] as const) { block.add(name, value); theirs.append(name, value) } // prettier-ignore

  expect(Buffer.from(block.encode())).toEqual(Buffer.from(theirs.encode()))
})

test('what is written is read, in order, a name as often as it is there', () => {
  const block = new HeaderBlock()
  for (const [name, value] of [['b', '1'], ['a', '2:3'], ['b', ''], ['c', 'é']] as const) block.add(name, value) // prettier-ignore

  expect([...headerLines(Buffer.from(block.encode()))]).toEqual([['b', '1'], ['a', '2:3'], ['b', ''], ['c', 'é']]) // prettier-ignore
})

test.each([
  ['nothing', ''],
  ['a status alone', 'NATS/1.0 503\r\n\r\n'],
  ['a line without a colon', 'NATS/1.0\r\nrubbish\r\n\r\n'],
  ['a line without a name', 'NATS/1.0\r\n: x\r\n\r\n'],
])('%s has no headers', (_, text) => {
  expect([...headerLines(Buffer.from(text))]).toEqual([])
})

test('a block that was cut anywhere yields no header that was not in it', () => {
  const whole = 'NATS/1.0 100 Idle\r\none: 1\r\ntwo: 22\r\n\r\n'

  for (let length = 0; length <= whole.length; length++)
    for (const [name, value] of headerLines(Buffer.from(whole.slice(0, length)))) {
      expect(['one', 'two']).toContain(name)
      expect('1 22'.includes(value)).toBe(true)
    }
})

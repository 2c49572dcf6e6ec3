import { expect, test } from 'vitest'
import { mqtt } from '../src/index.ts'

test.each([
  [undefined],
  [{ url: 5 }],
  [{ url: 'mqtt://host', qos: 3 }],
  [{ url: 'mqtt://host', topology: 'none' }],
  [{ url: 'mqtt://host', clientID: 'me' }],
  [{ url: 'mqtt://host?qos=' }],
  [{ url: 'mqtt://host?colour=red' }],
])('%j is BAD_OPTION', options => {
  expect(() => mqtt(options as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})

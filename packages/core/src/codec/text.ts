import { MillraceError } from '../errors.ts'
import type { Codec } from './codec.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text as UTF-8. Bytes that are not UTF-8 are UNDECODABLE. */
export const utf8: Codec<string> = {
  contentType: 'text/plain; charset=utf-8',
  encode: value => {
    if (typeof value !== 'string' || !value.isWellFormed())
      throw new MillraceError('INVALID_PAYLOAD', 'the text codec encodes a well-formed string')
    return encoder.encode(value)
  },
  decode: payload => decoder.decode(payload),
}

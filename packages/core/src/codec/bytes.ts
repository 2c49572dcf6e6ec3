import { MillraceError } from '../errors.ts'
import type { Codec } from './codec.ts'

/** Bytes as they are; they are not copied. */
export const bytes: Codec<Uint8Array> = {
  contentType: 'application/octet-stream',
  encode: value => {
    if (!(value instanceof Uint8Array))
      throw new MillraceError('INVALID_PAYLOAD', 'the bytes codec encodes a Uint8Array')
    return value
  },
  decode: payload => payload,
}

import { MillraceError } from '../errors.ts'
import type { Codec } from './codec.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** JSON (RFC 8259) as UTF-8. A value that JSON has no word for, such as undefined or a function, is INVALID_PAYLOAD. */
export const jsonCodec: Codec = {
  contentType: 'application/json',
  encode: value => {
    let text: string | undefined
    try {
      text = JSON.stringify(value) as string | undefined
    } catch (error) {
      throw new MillraceError('INVALID_PAYLOAD', 'the value cannot be written as JSON', { cause: error })
    }
    if (text === undefined) throw new MillraceError('INVALID_PAYLOAD', `a ${typeof value} cannot be written as JSON`)
    return encoder.encode(text)
  },
  decode: payload => JSON.parse(decoder.decode(payload)) as unknown,
}

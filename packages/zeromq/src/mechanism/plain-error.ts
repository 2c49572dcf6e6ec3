import { decodeError } from '../wire/command.ts'

// libzmq writes the name of PLAIN's ERROR as "\x05ERROR" in C, where the E belongs to the escape: 0x5E "RROR". Its client knows
// no other form, so that it has become the protocol.
const LIBZMQ_NAME = [0x5e, 0x52, 0x52, 0x4f, 0x52] as const

/** An ERROR of PLAIN in the form that libzmq's clients understand. */
export function encodePlainError(status: number): Uint8Array {
  const reason = String(status)
  const token = Uint8Array.of(...LIBZMQ_NAME, reason.length, ...new Uint8Array(reason.length))
  for (let i = 0; i < reason.length; i++) token[6 + i] = reason.charCodeAt(i)
  return token
}

/** A token with libzmq's form of ERROR as RFC 24 has it; any other as it is. */
export function normalizePlainError(buffer: Uint8Array, start: number, end: number): Uint8Array {
  for (let i = 0; i < 5; i++)
    if (start + i >= end || buffer[start + i] !== LIBZMQ_NAME[i]) return buffer.subarray(start, end)
  const token = new Uint8Array(end - start + 1)
  token.set([5, 0x45])
  token.set(buffer.subarray(start + 1, end), 2)
  return decodeError(token, 0, token.length) === undefined ? buffer.subarray(start, end) : token
}

/**
 * The body of a command frame: a name and data (RFC 37 §3.4).
 *
 *     command-body = name-length name data        ; name-length is one octet, names are case sensitive
 */
export function encodeCommand(name: string, ...data: readonly Uint8Array[]): Uint8Array {
  let size = 1 + name.length
  for (const part of data) size += part.length
  const body = new Uint8Array(size)
  body[0] = name.length
  for (let i = 0; i < name.length; i++) body[1 + i] = name.charCodeAt(i)
  let offset = 1 + name.length
  for (const part of data) {
    body.set(part, offset)
    offset += part.length
  }
  return body
}

/** The name of the command whose body is `buffer[start, end)`, or undefined where the name has no octets or does not fit. Its data begin at `start + 1 + name.length`. */
export function commandName(buffer: Uint8Array, start: number, end: number): string | undefined {
  if (start >= end) return undefined
  const length = buffer[start]!
  if (length === 0 || start + 1 + length > end) return undefined
  let name = ''
  for (let i = start + 1; i <= start + length; i++) name += String.fromCharCode(buffer[i]!)
  return name
}

/** True when the body begins with this command's name; no string is made. */
export function isCommand(name: string, buffer: Uint8Array, start: number, end: number): boolean {
  const length = name.length
  if (end - start < 1 + length || buffer[start] !== length) return false
  for (let i = 0; i < length; i++) if (buffer[start + 1 + i] !== name.charCodeAt(i)) return false
  return true
}

/**
 * ERROR: `%d5 "ERROR" reason-length reason`. A reason of more than 255 octets is cut.
 */
export function encodeError(reason: string): Uint8Array {
  const octets = new TextEncoder().encode(reason).subarray(0, 255)
  return encodeCommand('ERROR', Uint8Array.of(octets.length), octets)
}

/** The reason of an ERROR command, or undefined where the body is malformed: shorter or longer than it says. */
export function decodeError(buffer: Uint8Array, start: number, end: number): string | undefined {
  if (!isCommand('ERROR', buffer, start, end) || end - start < 7) return undefined
  if (start + 7 + buffer[start + 6]! !== end) return undefined
  return new TextDecoder().decode(buffer.subarray(start + 7, end))
}

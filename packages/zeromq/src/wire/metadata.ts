/**
 * The properties of a peer (RFC 37 §3.3.1).
 *
 *     metadata = *property
 *     property = name value
 *     name     = OCTET 1*255name-char
 *     value    = 4OCTET *OCTET                    ; length in network order
 */
export function encodeMetadata(properties: Iterable<readonly [string, Uint8Array]>): Uint8Array {
  const list = [...properties]
  let size = 0
  for (const [name, value] of list) size += 5 + name.length + value.length
  const metadata = new Uint8Array(size)
  let offset = 0
  for (const [name, value] of list) {
    metadata[offset++] = name.length
    for (let i = 0; i < name.length; i++) metadata[offset++] = name.charCodeAt(i)
    metadata[offset] = value.length >>> 24
    metadata[offset + 1] = value.length >>> 16
    metadata[offset + 2] = value.length >>> 8
    metadata[offset + 3] = value.length
    metadata.set(value, offset + 4)
    offset += 4 + value.length
  }
  return metadata
}

/**
 * The properties in `buffer[start, end)`, copied, as the peer named them; of a name that comes twice the first.
 * Undefined where a length does not fit or a name has no octets.
 */
export function decodeMetadata(buffer: Uint8Array, start: number, end: number): Map<string, Uint8Array> | undefined {
  const properties = new Map<string, Uint8Array>()
  let offset = start
  while (offset < end) {
    const nameEnd = offset + 1 + buffer[offset]!
    if (nameEnd === offset + 1 || nameEnd + 4 > end) return undefined
    let name = ''
    for (let i = offset + 1; i < nameEnd; i++) name += String.fromCharCode(buffer[i]!)
    const length =
      buffer[nameEnd]! * 0x100_0000 +
      ((buffer[nameEnd + 1]! << 16) | (buffer[nameEnd + 2]! << 8) | buffer[nameEnd + 3]!)
    offset = nameEnd + 4 + length
    if (offset > end) return undefined
    if (!properties.has(name)) properties.set(name, new Uint8Array(buffer.subarray(nameEnd + 4, offset)))
  }
  return properties
}
